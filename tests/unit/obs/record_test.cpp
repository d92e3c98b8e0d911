#include "common/obs/record.hpp"

#include <array>
#include <boost/json.hpp>

#include "common/obs/escape.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::obs;
using log::field;

namespace {

const auto some_time = from_unix_ms(1'795'464'181'123);  // 2026-11-23T20:03:01.123Z

std::string text(std::string_view event, std::vector<field> fields) {
    return log::line_of_event(log::format::text, some_time, log::level::info, event, fields);
}

std::string json(std::string_view event, std::vector<field> fields) {
    return log::line_of_event(log::format::json, some_time, log::level::info, event, fields);
}

std::string escaped(std::string_view raw, quotes quoting = quotes::escape) {
    std::string out;
    append_escaped(out, raw, quoting);
    return out;
}

}  // namespace

TEST_CASE("a text record is time, level, event and fields") {
    CHECK(text("session_created", {{"user", "0193-ab"}, {"generation", 1}, {"new", true}, {"age", -5L}}) ==
          "2026-11-23T20:03:01.123Z info  session_created user=0193-ab generation=1 new=true age=-5\n");
}

TEST_CASE("a JSON record is one object on one line") {
    CHECK(json("session_created", {{"user", "0193-ab"}, {"generation", 1}, {"new", true}}) ==
          R"({"time":"2026-11-23T20:03:01.123Z","level":"info","event":"session_created",)"
          R"("user":"0193-ab","generation":1,"new":true})"
          "\n");
}

TEST_CASE("a text value that is not one word stands in quotes") {
    CHECK(text("e", {{"a", "two words"}, {"b", ""}, {"c", "x=y"}, {"d", "say \"no\""}})
              .ends_with(R"(a="two words" b="" c="x=y" d="say \"no\"")"
                         "\n"));
}

TEST_CASE("no value can add a line or a field, in either format") {
    const std::string evil =
        "x\n2026-11-23T20:03:01.123Z info  forged admin=yes\r\n\",\"admin\":true,\"x\":\"\x1b[2J\x7f";
    for (const auto& line : {text("request", {{"path", evil}}), json("request", {{"path", evil}}),
                             log::line_of_message(log::format::text, some_time, log::level::info, evil),
                             log::line_of_message(log::format::json, some_time, log::level::info, evil)}) {
        INFO(line);
        CHECK(line.find('\n') == line.size() - 1);
        CHECK(std::ranges::none_of(line.substr(0, line.size() - 1),
                                   [](char c) { return c == 0x7f || (c >= 0 && c < 0x20); }));
    }
    const auto parsed = boost::json::parse(json("request", {{"path", evil}})).as_object();
    CHECK(parsed.size() == 4);
    CHECK(parsed.at("path").as_string() == evil);
}

TEST_CASE("every byte there is leaves valid JSON behind") {
    for (int first = 0; first < 256; ++first) {
        for (int second : {0x00, 0x22, 0x41, 0x5c, 0x80, 0xbf, 0xc0, 0xff}) {
            const std::string raw{static_cast<char>(first), static_cast<char>(second)};
            boost::system::error_code failed;
            boost::json::parse(json("e", {{"v", raw}}), failed);
            INFO(first << ' ' << second);
            CHECK_FALSE(failed);
        }
    }
}

TEST_CASE("what is not UTF-8 becomes the replacement character") {
    CHECK(escaped("a\xff"
                  "b") == "a\\ufffdb");
    CHECK(escaped("\xc0\xaf") == "\\ufffd\\ufffd");             // overlong
    CHECK(escaped("\xed\xa0\x80").starts_with("\\ufffd"));      // a surrogate
    CHECK(escaped("\xf4\x90\x80\x80").starts_with("\\ufffd"));  // beyond U+10FFFF
    CHECK(escaped("\xe2\x82") == "\\ufffd\\ufffd");             // cut short
    CHECK(escaped("€ 𝄞 ü") == "€ 𝄞 ü");
}

TEST_CASE("what turns or hides text on a terminal is escaped") {
    CHECK(escaped("\u202eevil\u2066\u200f") == "\\u202eevil\\u2066\\u200f");
    CHECK(escaped("\u0085\u2028\u2029") == "\\u0085\\u2028\\u2029");
    CHECK(escaped("a\\n\"") == "a\\\\n\\\"");
    CHECK(escaped("a\"b", quotes::leave) == "a\"b");
}

TEST_CASE("a long value is cut between characters") {
    const auto line = text("e", {{"v", std::string(log::value_bytes - 1, 'x') + "€€"}});
    CHECK(line.ends_with("xxx…\"\n"));
    CHECK(line.size() < log::value_bytes + 100);
    const auto message =
        log::line_of_message(log::format::text, some_time, log::level::warn, std::string(100'000, 'y'));
    CHECK(message.size() < log::value_bytes + 100);
}

TEST_CASE("a free message follows its level") {
    CHECK(log::line_of_message(log::format::text, some_time, log::level::warn, "a \"b\"") ==
          "2026-11-23T20:03:01.123Z warn  a \"b\"\n");
    CHECK(log::line_of_message(log::format::json, some_time, log::level::error, "a \"b\"") ==
          R"({"time":"2026-11-23T20:03:01.123Z","level":"error","message":"a \"b\""})"
          "\n");
}
