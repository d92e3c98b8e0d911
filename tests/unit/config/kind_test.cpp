#include "common/config/kind.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::config;
using namespace std::chrono_literals;

TEST_CASE("a duration is a whole number and a unit") {
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("10s") == 10s);
    CHECK(parse_duration("5m") == 5min);
    CHECK(parse_duration("24h") == 24h);
    CHECK(parse_duration("14d") == std::chrono::days{14});
    for (const auto* wrong :
         {"", "10", "s", "-1s", "+1s", "1.5s", "10 s", "10sec", "10S", "9223372036854775807d", "1s1"}) {
        INFO(wrong);
        CHECK_FALSE(parse_duration(wrong));
    }
}

TEST_CASE("a duration is shown in the largest unit that says it exactly, and a day in hours") {
    CHECK(format_duration(500ms) == "500ms");
    CHECK(format_duration(1500ms) == "1500ms");
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(24h) == "24h");
    CHECK(format_duration(std::chrono::days{14}) == "14d");
    CHECK(format_duration(0ms) == "0s");
}

TEST_CASE("a duration keeps to its range and to what its type can hold") {
    const kind<std::chrono::seconds> seconds = duration{1s, 24h};
    CHECK(seconds.parse("1s") == 1s);
    CHECK(seconds.parse("24h") == 24h);
    CHECK_FALSE(seconds.parse("999ms"));
    CHECK_FALSE(seconds.parse("25h"));
    CHECK_FALSE(seconds.parse("1500ms"));
    CHECK(seconds.expected == "a time from 1s to 24h, in ms, s, m, h or d");
}

TEST_CASE("memory is a whole number and a unit within its range, or off") {
    const kind<std::size_t> size = memory_or_off{std::size_t{1} << 20, std::size_t{1} << 30};
    CHECK(size.parse("off") == 0U);
    CHECK(size.parse("1MiB") == 1'048'576U);
    CHECK(size.parse("1024KiB") == 1'048'576U);
    CHECK(size.parse("1GiB") == 1'073'741'824U);
    for (const auto* wrong : {"", "on", "0MiB", "1023KiB", "2GiB", "64", "64MB", "64m", "-1MiB", "1.5MiB", "64 MiB",
                              "9223372036854775807GiB"}) {
        INFO(wrong);
        CHECK_FALSE(size.parse(wrong));
    }
    CHECK(size.format(0) == "off");
    CHECK(size.format(std::size_t{64} << 20) == "64MiB");
    CHECK(size.format(1'536 * 1'024) == "1536KiB");
    CHECK(size.expected == "off, or a size from 1MiB to 1GiB, in KiB, MiB or GiB");
}

TEST_CASE("an integer keeps to its range, both ends included") {
    const kind<std::size_t> threads = integer{1, 64, "threads"};
    CHECK(threads.parse("1") == 1U);
    CHECK(threads.parse("64") == 64U);
    for (const auto* wrong : {"0", "65", "-1", "", "1x", " 1", "0x10", "99999999999999999999"}) {
        INFO(wrong);
        CHECK_FALSE(threads.parse(wrong));
    }
    CHECK(threads.expected == "a whole number from 1 to 64 (threads)");
}

TEST_CASE("an integer that its type cannot hold is refused, whatever the range says") {
    const kind<std::uint8_t> small = integer{0, 1000};
    CHECK_FALSE(small.parse("256"));
    CHECK(small.parse("255") == 255);
}

TEST_CASE("a listen address is a numeric host and a port") {
    CHECK(parse_listen_address("127.0.0.1:8080") == listen_address{"127.0.0.1", 8080});
    CHECK(parse_listen_address("0.0.0.0:0") == listen_address{"0.0.0.0", 0});
    CHECK(parse_listen_address("[::1]:8080") == listen_address{"::1", 8080});
    CHECK(parse_listen_address("localhost:65535") == listen_address{"127.0.0.1", 65535});
    for (const auto* wrong : {"", ":", ":80", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
                              "::1:80", "[127.0.0.1]:80", "[::1]", "[]:80", "example.com:80", "127.0.0.1:80x",
                              "127.1:80", "*:80", "[localhost]:80", "127.0.0.1 :80"}) {
        INFO(wrong);
        CHECK_FALSE(parse_listen_address(wrong));
    }
}

TEST_CASE("a listen address is shown as it is given") {
    for (const auto* text : {"127.0.0.1:8080", "[::1]:8080"}) {
        const auto parsed = parse_listen_address(text);
        REQUIRE(parsed);
        CHECK(to_string(*parsed) == text);
    }
    CHECK(to_string(listen_address{}).empty());
    CHECK_FALSE(listen_address{});
}

TEST_CASE("a switch knows the words that people use") {
    const auto parse = on_off().parse;
    for (const auto* on : {"on", "true", "yes", "1"}) CHECK(parse(on) == true);
    for (const auto* off : {"off", "false", "no", "0"}) CHECK(parse(off) == false);
    for (const auto* wrong : {"", "ON", "maybe", "2"}) CHECK_FALSE(parse(wrong));
}

TEST_CASE("an enumeration takes its words and nothing else") {
    enum class color { red, blue };
    const auto colors = one_of<color>({{"red", color::red}, {"blue", color::blue}});
    CHECK(colors.parse("blue") == color::blue);
    CHECK_FALSE(colors.parse("bl"));
    CHECK(colors.expected == "one of red|blue");
    CHECK(colors.format(color::red) == "red");
}

TEST_CASE("texts, paths and secrets hold no control characters and are not empty") {
    for (const auto* wrong : {"", "a\nb", "a\x1b[31m", "\x7f"}) {
        CHECK_FALSE(text("URL").parse(wrong));
        CHECK_FALSE(path().parse(wrong));
        CHECK_FALSE(hidden().parse(wrong));
    }
    CHECK(text("URL").parse("unix:/run/redis.sock") == "unix:/run/redis.sock");
    CHECK(hidden().parse("hunter2")->reveal() == "hunter2");
}

TEST_CASE("a text may have a rule of its own") {
    const auto url = text("URL", "a redis URL", [](std::string_view t) { return t.starts_with("redis:"); });
    CHECK(url.parse("redis://host"));
    CHECK_FALSE(url.parse("http://host"));
}

TEST_CASE("so many per so long, or no limit") {
    const auto limit = per_time();
    CHECK(limit.parse("10/15m") == stagedoor::rate{10, 15min});
    CHECK(limit.parse("1/1s") == stagedoor::rate{1, 1s});
    CHECK(limit.parse("1000000/24h") == stagedoor::rate{1'000'000, 24h});
    CHECK(limit.parse("off") == stagedoor::rate{});
    for (const auto* const wrong : {"", "10", "/", "10/", "/1m", "0/1m", "-1/1m", "1000001/1m", "10/999ms", "10/25h", "10/1",
                                    "10 / 1m", "10/1m/1m", "OFF"}) {
        INFO(wrong);
        CHECK_FALSE(limit.parse(wrong));
    }
    CHECK(limit.format({10, 15min}) == "10/15m");
    CHECK(limit.format({}) == "off");
}
