#include "common/core/clock.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;

TEST_CASE("what is written as RFC 3339 is read as the same instant") {
    for (const std::int64_t ms : {0LL, 1LL, 999LL, 951'782'400'000LL, 1'800'000'000'123LL, 253'402'300'799'999LL}) {
        CHECK(parse_rfc3339(format_rfc3339(from_unix_ms(ms))) == from_unix_ms(ms));
    }
}

TEST_CASE("RFC 3339 times have offsets, fractions of any length, and days that exist") {
    const auto at = [](std::string_view text) { return parse_rfc3339(text); };
    CHECK(at("2026-11-25T19:57:00Z") == at("2026-11-25T20:57:00+01:00"));
    CHECK(at("2026-11-25T19:57:00Z") == at("2026-11-25t14:27:00.000000-05:30"));
    CHECK(at("2026-11-25T19:57:00.1239Z") == at("2026-11-25T19:57:00.123Z"));
    CHECK(at("2026-11-25T19:57:00.1Z") == at("2026-11-25T19:57:00.100Z"));
    CHECK(at("2016-12-31T23:59:60Z") == at("2017-01-01T00:00:00Z"));
    CHECK(at("2024-02-29T00:00:00Z"));
    for (const auto* wrong :
         {"", "2026-11-25", "2026-11-25T19:57Z", "2026-11-25T19:57:00", "2026-11-25T19:57:00.Z", "2026-13-01T00:00:00Z",
          "2026-02-29T00:00:00Z", "2026-11-25T24:00:00Z", "2026-11-25T19:60:00Z", "2026-11-25T19:57:61Z",
          "2026-11-25T19:57:00+24:00", "2026-11-25T19:57:00+0100", "2026-11-25T19:57:00Z ", "+026-11-25T19:57:00Z"}) {
        INFO(wrong);
        CHECK_FALSE(at(wrong));
    }
}
