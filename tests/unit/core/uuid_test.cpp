#include "tests/support/catch.hpp"
#include <set>
#include <thread>

#include "common/core/clock.hpp"
#include "common/core/secrets.hpp"
#include "common/core/uuid.hpp"

using namespace stagedoor;

TEST_CASE("an id survives its text") {
    init_crypto();
    for (int i = 0; i < 100; ++i) {
        const user_id id{make_uuid_v7()};
        CHECK(id.text().size() == uuid_text_size);
        CHECK(user_id::parse(id.text()) == id);
    }
}

TEST_CASE("texts that are no ids are refused") {
    const std::string good = "01890a5d-ac96-774b-bcce-b302099a8057";
    REQUIRE(user_id::parse(good));
    CHECK(user_id::parse("01890A5D-AC96-774B-BCCE-B302099A8057")->text() == good);
    for (std::size_t i = 0; i < good.size(); ++i) {
        auto bad = good;
        bad[i] = bad[i] == '-' ? '0' : 'g';
        CHECK_FALSE(user_id::parse(bad));
        CHECK_FALSE(user_id::parse(good.substr(0, i)));
    }
    CHECK_FALSE(user_id::parse(good + "0"));
}

TEST_CASE("users' ids sort by the time of their making") {
    const user_id first{make_uuid_v7()};
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
    const user_id second{make_uuid_v7()};
    CHECK(first < second);
    CHECK(first.text() < second.text());
}

TEST_CASE("session ids do not repeat") {
    std::set<session_id> seen;
    for (int i = 0; i < 1000; ++i) CHECK(seen.insert(session_id{make_uuid_v4()}).second);
}

TEST_CASE("times are told in RFC 3339 and UTC") {
    CHECK(format_rfc3339(from_unix_ms(0)) == "1970-01-01T00:00:00.000Z");
    CHECK(format_rfc3339(from_unix_ms(1'709'210'096'007)) == "2024-02-29T12:34:56.007Z");
}

TEST_CASE("base64url is read exactly") {
    std::array<std::uint8_t, 3> out{};
    CHECK(from_base64url("AAEC", out));
    CHECK(out == std::array<std::uint8_t, 3>{0, 1, 2});
    for (const auto* text : {"", "AAE", "AAECA", "AAE=", "AA C", "A+/C"}) CHECK_FALSE(from_base64url(text, out));
    CHECK(equal_in_constant_time(out, std::array<std::uint8_t, 3>{0, 1, 2}));
    CHECK_FALSE(equal_in_constant_time(out, std::array<std::uint8_t, 2>{0, 1}));
}
