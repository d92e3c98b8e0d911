#include "tests/support/catch.hpp"
#include <sodium.h>

#include <set>
#include <thread>
#include <vector>

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

TEST_CASE("base64url is read as libsodium writes and reads it, at every length") {
    REQUIRE(init_crypto());
    for (std::size_t size = 0; size <= 64; ++size) {
        std::vector<std::uint8_t> bytes(size);
        for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 73 + size * 41);
        const auto text = to_base64url(bytes);
        std::vector<std::uint8_t> out(size);
        REQUIRE(from_base64url(text, out));
        CHECK(out == bytes);
        CHECK_FALSE(from_base64url(text + "A", out));
        if (size > 0) CHECK_FALSE(from_base64url(text.substr(1), out));
    }
}

TEST_CASE("of every character, in every place, base64url takes what libsodium takes") {
    REQUIRE(init_crypto());
    const auto theirs = [](std::string_view text, std::span<std::uint8_t> out) {
        std::size_t size = 0;
        const char* end = nullptr;
        const bool read = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, &end,
                                            sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0;
        return read && size == out.size() && end == text.data() + text.size();
    };
    const std::vector<std::pair<std::string, std::size_t>> samples{{"AQID", 3}, {"AQIDBA", 4}, {"AQIDBAU", 5}};
    for (const auto& [text, size] : samples) {
        for (std::size_t place = 0; place < text.size(); ++place) {
            for (int c = 0; c < 128; ++c) {  // libsodium takes some beyond ASCII, as other texts of the same bytes
                auto changed = text;
                changed[place] = static_cast<char>(c);
                std::vector<std::uint8_t> ours(size), other(size);
                const bool read = from_base64url(changed, ours);
                INFO("character " << c << " at " << place << " of " << text);
                REQUIRE(read == theirs(changed, other));
                if (read) REQUIRE(ours == other);
            }
        }
    }
}

TEST_CASE("base64url is read exactly") {
    std::array<std::uint8_t, 3> out{};
    CHECK(from_base64url("AAEC", out));
    CHECK(out == std::array<std::uint8_t, 3>{0, 1, 2});
    for (const auto* text : {"", "AAE", "AAECA", "AAE=", "AA C", "A+/C", "AA\xff" "C"}) CHECK_FALSE(from_base64url(text, out));
    for (int c = 128; c < 256; ++c) CHECK_FALSE(from_base64url(std::string{"AAE"} + static_cast<char>(c), out));
    out = {0, 1, 2};
    CHECK(equal_in_constant_time(out, std::array<std::uint8_t, 3>{0, 1, 2}));
    CHECK_FALSE(equal_in_constant_time(out, std::array<std::uint8_t, 2>{0, 1}));
}
