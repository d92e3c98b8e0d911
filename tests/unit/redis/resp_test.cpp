#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/limits.hpp"
#include "common/redis/command.hpp"
#include "common/redis/resp.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace std::string_literals;

namespace {

value text(std::string_view bytes) { return value{std::string{bytes}}; }
value number(std::int64_t n) { return value{n}; }

std::vector<value> read_in_pieces(std::string_view bytes, std::size_t piece) {
    reply_reader reader;
    std::vector<value> replies;
    while (!bytes.empty()) {
        const auto fed = bytes.substr(0, piece);
        bytes.remove_prefix(fed.size());
        reader.feed(fed);
        for (;;) {
            value reply;
            const auto whole = reader.next(reply);
            REQUIRE(whole);
            if (!*whole) break;
            replies.push_back(std::move(reply));
        }
    }
    return replies;
}

bool is_refused(std::string_view bytes) {
    reply_reader reader;
    reader.feed(bytes);
    value reply;
    const auto whole = reader.next(reply);
    return !whole && whole.error() == errc::redis_protocol;
}

}  // namespace

TEST_CASE("a command is an array of bulk strings, whatever its arguments are made of") {
    std::string out;
    append_command(out, "SET", "k\r\n\0y"s, std::string_view{}, -42, std::size_t{7});
    CHECK(out == "*5\r\n$3\r\nSET\r\n$5\r\nk\r\n\0y\r\n$0\r\n\r\n$3\r\n-42\r\n$1\r\n7\r\n"s);

    command built{"SET", "k\r\n\0y"s};
    built.add(std::string_view{}).add_all(command{-42, 7});
    CHECK(built.size() == 5);
    std::string again;
    built.append_to(again);
    CHECK(again == out);
}

TEST_CASE("replies of every kind are read alike, wherever their bytes are cut") {
    const auto bytes =
        "+OK\r\n:-7\r\n$-1\r\n*-1\r\n$5\r\na\r\nb\0\r\n-NOSCRIPT No matching script\r\n$0\r\n\r\n"
        "*3\r\n*2\r\n:1\r\n$1\r\nx\r\n*0\r\n*1\r\n*1\r\n-ERR deep\r\n+END\r\n"s;
    const std::vector<value> expected{
        text("OK"),
        number(-7),
        value{},
        value{},
        text("a\r\nb\0"s),
        value{value::error{"NOSCRIPT No matching script"}},
        text(""),
        value{value::array{
            value{value::array{number(1), text("x")}},
            value{value::array{}},
            value{value::array{value{value::array{value{value::error{"ERR deep"}}}}}},
        }},
        text("END"),
    };
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
        INFO("pieces of " << piece);
        CHECK(read_in_pieces(bytes, piece) == expected);
    }
}

TEST_CASE("a large array is read although no more than its beginning is believed in advance") {
    std::string bytes = "*5000\r\n";
    for (int i = 0; i < 5'000; ++i) bytes += "*1\r\n:" + std::to_string(i) + "\r\n";
    const auto replies = read_in_pieces(bytes, 4'096);
    REQUIRE(replies.size() == 1);
    const auto items = replies[0].to_array();
    REQUIRE(items.has_value());
    REQUIRE(items->size() == 5'000);
    CHECK((*items)[4'999] == value{value::array{number(4'999)}});
}

TEST_CASE("bytes that are not RESP2 are refused") {
    CHECK(is_refused("HTTP/1.1 400 Bad Request\r\n"));
    CHECK(is_refused("%1\r\n+a\r\n+b\r\n"));  // RESP3
    CHECK(is_refused("$-2\r\n"));
    CHECK(is_refused("$x\r\n"));
    CHECK(is_refused(":1x\r\n"));
    CHECK(is_refused("*99999999999999999999\r\n"));
}

TEST_CASE("arrays nested deeper than the reader's stack are refused") {
    std::string bytes;
    for (int i = 0; i < 20; ++i) bytes += "*1\r\n";
    CHECK(is_refused(bytes + ":1\r\n"));
}

TEST_CASE("a reply beyond the bound is refused before it is complete, others before it are given out") {
    reply_reader reader;
    reader.feed("+first\r\n$999999999\r\n");
    value reply;
    REQUIRE(*reader.next(reply));
    CHECK(reply == text("first"));

    const std::string chunk(limits::redis_read_chunk, 'x');
    std::size_t fed = 0;
    auto whole = reader.next(reply);
    while (whole && fed <= 2 * limits::redis_reply_bytes) {
        REQUIRE_FALSE(*whole);
        reader.feed(chunk);
        fed += chunk.size();
        whole = reader.next(reply);
    }
    REQUIRE_FALSE(whole);
    CHECK(whole.error() == errc::redis_protocol);
    CHECK(fed <= limits::redis_reply_bytes + chunk.size());
}

TEST_CASE("many replies in a row never count as one large reply") {
    const std::string payload(60'000, 'x');
    const std::string bulk = "$60000\r\n" + payload + "\r\n";
    reply_reader reader;
    std::size_t read = 0;
    for (std::size_t fed = 0; fed < 2 * limits::redis_reply_bytes; fed += bulk.size()) {
        reader.feed(bulk);
        value reply;
        const auto whole = reader.next(reply);
        if (!whole || !*whole) FAIL("reply " << read << " was not read");
        ++read;
    }
    CHECK(read > 500);
}

TEST_CASE("a reply of another kind than expected is a protocol error, one of Redis' own errors is classified") {
    CHECK(number(5).to_integer() == result<std::int64_t>{5});
    CHECK(number(5).to_text().error() == errc::redis_protocol);
    CHECK(text("a").to_integer().error() == errc::redis_protocol);
    CHECK(text("a").to_array().error() == errc::redis_protocol);
    CHECK_FALSE(value{}.to_optional_text()->has_value());
    CHECK(*text("a").to_optional_text() == "a");
    CHECK(value{}.to_text().error() == errc::redis_protocol);

    const value loading{value::error{"LOADING Redis is loading the dataset in memory"}};
    CHECK(loading.to_text().error() == errc::redis_unavailable);
    CHECK(loading.to_integer().error() == errc::redis_unavailable);
    CHECK(classify("READONLY You can't write against a read only replica.") == errc::redis_unavailable);
    CHECK(classify("OOM command not allowed when used memory > 'maxmemory'.") == errc::redis_unavailable);
    CHECK(classify("NOPERM no") == errc::redis_protocol);
    CHECK(classify("WRONGTYPE Operation against a key") == errc::redis_protocol);
    CHECK(classify("") == errc::redis_protocol);
}
