#include <boost/json.hpp>
#include "tests/support/catch.hpp"

#include "common/core/json.hpp"

using namespace stagedoor;

TEST_CASE("a written string is read back as it was") {
    std::string all;
    for (int c = 0; c < 128; ++c) all.push_back(static_cast<char>(c));
    all += "\u00e4\u20ac\U0001F3AD";
    std::string out;
    append_json_string(out, all);
    CHECK(boost::json::value_to<std::string>(boost::json::parse(out)) == all);
}

TEST_CASE("bodies that are no JSON object in UTF-8 are refused") {
    for (const std::string text : {"{", "[]", "1", "null", "{\"a\":1}x", "{\"a\":\"\xff\"}", "\xef\xbb\xbf{}", "nul"}) {
        INFO(text);
        CHECK(body_reader::parse(text).error() == errc::malformed_json);
    }
    CHECK(body_reader::parse(std::string(10'000, '[')).error() == errc::malformed_json);
}

TEST_CASE("a body with a member twice is refused, for others may take the other one") {
    for (const std::string text : {R"({"a":1,"a":1})", R"({"a":1,"b":":{\"","\u0061":2})", R"({"a":{"b":[1]},"a":null})",
                                   R"({"a":[{"b":1},{"b":1,"b":2}]})", R"({"a\\":1,"a\\":1})"}) {
        INFO(text);
        CHECK(body_reader::parse(text).error() == errc::malformed_json);
    }
    for (const std::string text : {R"({"a":":","b":"\":{","A":{"a":1}})", R"({"a":[{"b":1},{"b":2}]})", R"({"a\\":"\\","b":1})",
                                   R"({"a":[]})", "{}", " { } "}) {
        INFO(text);
        CHECK(body_reader::parse(text).has_value());
    }
}

TEST_CASE("everything that is wrong with a body is said at once, by field") {
    auto body = body_reader::parse(R"({"email":1,"name":"","long":"abcdef","extra":true})");
    REQUIRE(body);
    CHECK(body->text("email", {1, 10}).empty());
    body->text("name", {1, 10});
    body->text("long", {1, 5});
    body->text("missing", {1, 5});
    CHECK_FALSE(body->finish());
    std::vector<std::string> told;
    for (const auto& error : body->errors()) told.push_back(error.field + " " + error.message);
    CHECK(told == std::vector<std::string>{"email has to be a string", "name must not be empty",
                                           "long may have at most 5 characters", "missing is required",
                                           "extra is not a known field"});
}

TEST_CASE("lengths are counted in characters, not bytes") {
    auto body = body_reader::parse("{\"a\":\"\u00e4\u00f6\u00fc\"}");
    CHECK(body->text("a", {3, 3}) == "\u00e4\u00f6\u00fc");
    CHECK(body->finish());
}

TEST_CASE("an absent or null optional member is no complaint") {
    auto body = body_reader::parse(R"({"a":null})");
    CHECK_FALSE(body->optional_text("a", {1, 2}));
    CHECK_FALSE(body->optional_text("b", {1, 2}));
    CHECK_FALSE(body->optional_integer("c"));
    CHECK(body->finish());
}

TEST_CASE("an optional array of integers is one, and of a size that fits") {
    auto body = body_reader::parse(R"({"a":[1,-2],"b":[],"c":null,"d":[1,2,3],"e":[1,"2"],"f":1})");
    CHECK(body->optional_integers("a", 2) == std::vector<std::int64_t>{1, -2});
    CHECK(body->optional_integers("b", 2)->empty());
    CHECK_FALSE(body->optional_integers("c", 2));
    CHECK_FALSE(body->optional_integers("absent", 2));
    CHECK_FALSE(body->optional_integers("d", 2));
    CHECK_FALSE(body->optional_integers("e", 2));
    CHECK_FALSE(body->optional_integers("f", 2));
    CHECK_FALSE(body->finish());
    std::vector<std::string> told;
    for (const auto& [field, message] : body->errors()) told.push_back(field + " " + message);
    CHECK(told == std::vector<std::string>{"d may have at most 2 entries", "e has to be an array of integers",
                                           "f has to be an array of integers"});
}

TEST_CASE("control characters are noticed, other scripts are not") {
    CHECK(has_control_chars(std::string_view{"a\0b", 3}));
    CHECK(has_control_chars("a\nb"));
    CHECK(has_control_chars("\x7f"));
    CHECK(has_control_chars("\u0085"));
    CHECK_FALSE(has_control_chars("Zo\u00eb \u6f22\u5b57 \U0001F3AD"));
}
