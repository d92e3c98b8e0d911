#include "auth-service/src/limits/device_cookie.hpp"

#include <set>

#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::rate_limit;
using namespace std::chrono_literals;

namespace {

const std::string key_1 = "KFGdFEoNVQQs71Bq_Eu8ObcmaYp5pzImOl0TvWfJxeA";
const std::string key_2 = "Xl4q3MR8Mr4ZwxG5zP3gr1Z6igCjMGhJW6kFZ3IAQQ4";
const instant now = from_unix_ms(1'800'000'000'000);
const std::string ada = "ada@example.com";

session::key_ring ring(const std::string& text) {
    std::string complaint;
    auto keys = session::key_ring::parse(text, complaint);
    INFO(complaint);
    REQUIRE(keys);
    return *keys;
}

// What the browser sends after a Set-Cookie value.
std::string sent(const std::string& set) { return set.substr(0, set.find(';')); }

struct browser {
    session::key_ring keys = ring("1 " + key_1);
    device_cookie cookie{keys, true, 443};
    std::string header;

    void sign_in(const std::string& email, instant at = now) { header = sent(cookie.remember(header, email, at)); }
    bool knows(const std::string& email, instant at = now) const {
        return cookie.recognise(header, email, at).has_value();
    }
};

}  // namespace

TEST_CASE("a device knows the accounts that have signed in on it, and no others") {
    browser laptop;
    CHECK_FALSE(laptop.knows(ada));
    laptop.sign_in(ada);
    CHECK(laptop.knows(ada));
    CHECK_FALSE(laptop.knows("bob@example.com"));
    const auto device = laptop.cookie.recognise(laptop.header, ada, now);
    laptop.sign_in("bob@example.com");
    CHECK(laptop.knows(ada));
    CHECK(laptop.knows("bob@example.com"));
    CHECK(laptop.cookie.recognise(laptop.header, "bob@example.com", now) == device);
}

TEST_CASE("two devices are two, also of one person") {
    browser laptop;
    browser phone;
    laptop.sign_in(ada);
    phone.sign_in(ada);
    CHECK(laptop.cookie.recognise(laptop.header, ada, now) != phone.cookie.recognise(phone.header, ada, now));
}

TEST_CASE("a device keeps the eight accounts that signed in last, and the cookie its size") {
    browser shared;
    for (int i = 0; i < 20; ++i) shared.sign_in("person" + std::to_string(i) + "@example.com");
    const auto size = shared.header.size();
    shared.sign_in("person12@example.com");  // again: before the others
    CHECK(shared.header.size() == size);
    CHECK(size < 180);
    for (int i = 12; i < 20; ++i) CHECK(shared.knows("person" + std::to_string(i) + "@example.com"));
    CHECK_FALSE(shared.knows("person11@example.com"));
    shared.sign_in("person20@example.com");
    CHECK(shared.knows("person12@example.com"));
    CHECK_FALSE(shared.knows("person13@example.com"));
}

TEST_CASE("a device is forgotten after half a year without a sign-in") {
    browser laptop;
    laptop.sign_in(ada);
    CHECK(laptop.knows(ada, now + limits::device_cookie_life - 1s));
    CHECK_FALSE(laptop.knows(ada, now + limits::device_cookie_life));
    laptop.sign_in(ada, now + limits::device_cookie_life - 1s);
    CHECK(laptop.knows(ada, now + limits::device_cookie_life));
}

TEST_CASE("no changed cookie is recognised") {
    browser laptop;
    laptop.sign_in(ada);
    const auto good = laptop.header;
    int tried = 0;
    for (std::size_t i = good.find('=') + 1; i < good.size(); ++i) {
        for (const char other : {'A', 'z', '_', '='}) {
            if (good[i] == other) continue;
            laptop.header = good;
            laptop.header[i] = other;
            CHECK_FALSE(laptop.knows(ada));
            ++tried;
        }
        laptop.header = good.substr(0, i);
        CHECK_FALSE(laptop.knows(ada));
    }
    CHECK(tried > 200);
    laptop.header = good + "AAAA";
    CHECK_FALSE(laptop.knows(ada));
}

TEST_CASE("a planted cookie hides no good one") {
    browser laptop;
    laptop.sign_in(ada);
    laptop.header = "__Host-stagedoor-device=planted; " + laptop.header;
    CHECK(laptop.knows(ada));
}

TEST_CASE("a rolled key is accepted as long as it is in the ring, and the next sign-in uses the new one") {
    browser laptop;
    laptop.sign_in("bob@example.com");
    laptop.sign_in(ada);
    const auto rolled_keys = ring("2 " + key_2 + "\n1 " + key_1);
    const device_cookie rolled{rolled_keys, true, 443};
    const auto device = rolled.recognise(laptop.header, ada, now);
    CHECK(device);
    const auto next = sent(rolled.remember(laptop.header, ada, now));
    CHECK(rolled.recognise(next, ada, now) == device);
    CHECK_FALSE(rolled.recognise(next, "bob@example.com", now));  // whose mark only the old key could make

    const auto new_keys = ring("2 " + key_2);
    const device_cookie only_new{new_keys, true, 443};
    CHECK_FALSE(only_new.recognise(laptop.header, ada, now));
    CHECK(only_new.recognise(next, ada, now) == device);
}

TEST_CASE("the device cookie is named and kept as strictly as the session's") {
    const auto keys = ring("1 " + key_1);
    const auto secure = device_cookie{keys, true, 443}.remember("", ada, now);
    CHECK(secure.starts_with("__Host-stagedoor-device="));
    CHECK(secure.ends_with("; Max-Age=15552000; Path=/; HttpOnly; SameSite=Strict; Secure"));
    const auto plain = device_cookie{keys, false, 8080}.remember("", ada, now);
    CHECK(plain.starts_with("stagedoor-device-8080="));
    CHECK(plain.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
    CHECK(plain.find(ada) == std::string::npos);
}
