#include "auth-service/src/session/session_cache.hpp"

#include <catch2/catch.hpp>

#include "common/core/redis_schema.hpp"

using namespace stagedoor;
using namespace stagedoor::session;

namespace {

constexpr std::size_t plenty = 1024 * 1024;

user_id user(int number) {
    user_id made;
    made.bytes[15] = static_cast<std::uint8_t>(number);
    made.bytes[14] = static_cast<std::uint8_t>(number >> 8);
    return made;
}

session_ref session_of(int number, int which = 0) {
    session_ref made{user(number), {}};
    made.session.bytes[0] = static_cast<std::uint8_t>(which);
    return made;
}

remembered_session at_version(std::int64_t version) {
    remembered_session made;
    made.facts.version = version;
    made.facts.email = "somebody.with.a.long.address@example.com";
    return made;
}

void put(session_cache& cache, const session_ref& who, std::int64_t version = 1) {
    cache.keep(who, cache.expect(who), at_version(version));
}

}  // namespace

TEST_CASE("a session is remembered when its reply finds the placeholder still there", "[cache]") {
    session_cache cache{plenty};
    const auto ticket = cache.expect(session_of(1));
    CHECK_FALSE(cache.find(session_of(1)));
    CHECK(cache.size() == 0);
    cache.keep(session_of(1), ticket, at_version(7));
    REQUIRE(cache.find(session_of(1)));
    CHECK(cache.find(session_of(1))->facts.version == 7);
    CHECK_FALSE(cache.find(session_of(1, 1)));
    CHECK_FALSE(cache.find(session_of(2)));
    CHECK(cache.size() == 1);
}

TEST_CASE("the bound holds with long answers, which are weighed when they come", "[cache]") {
    session_cache cache{plenty};
    const std::string answer(4'000, 'x');
    for (int i = 0; i < 5'000; ++i) {
        put(cache, session_of(i));
        const auto before = cache.bytes();
        cache.keep_answer(session_of(i), answer);
        CHECK((cache.bytes() >= before + 3'000 || cache.squeezed_out() > 0));
        REQUIRE(cache.bytes() <= plenty);
        REQUIRE(cache.find(session_of(i)));
        CHECK(cache.find(session_of(i))->answer == answer);
    }
    CHECK(cache.size() < 260);
    cache.keep_answer(session_of(9'999), answer);  // nobody it knows
    CHECK_FALSE(cache.find(session_of(9'999)));
    session_cache tiny{3'000};
    put(tiny, session_of(1));
    tiny.keep_answer(session_of(1), answer);
    CHECK(tiny.bytes() <= 3'000);
}

TEST_CASE("a reply is not kept when its session changed, or all was dropped, or nobody expected it", "[cache]") {
    session_cache cache{plenty};
    const auto ticket = cache.expect(session_of(1));
    SECTION("the session") { cache.evict(session_of(1)); }
    SECTION("the user") { cache.evict(user(1)); }
    SECTION("everything") { cache.clear(); }
    SECTION("given up") { cache.give_up(session_of(1), ticket); }
    SECTION("changed and expected again by a later read") {
        cache.evict(session_of(1));
        CHECK(cache.expect(session_of(1)) != ticket);
    }
    cache.keep(session_of(1), ticket, at_version(7));
    CHECK_FALSE(cache.find(session_of(1)));
    cache.keep(session_of(2), 0, at_version(7));
    CHECK_FALSE(cache.find(session_of(2)));
}

TEST_CASE("reads of one session under way share a placeholder, and the first reply fills it", "[cache]") {
    session_cache cache{plenty};
    const auto first = cache.expect(session_of(1));
    const auto second = cache.expect(session_of(1));
    CHECK(first == second);
    cache.keep(session_of(1), first, at_version(1));
    cache.keep(session_of(1), second, at_version(2));
    CHECK(cache.find(session_of(1))->facts.version == 1);
}

TEST_CASE("whoever reads although there is an entry drops it", "[cache]") {
    session_cache cache{plenty};
    put(cache, session_of(1));
    cache.expect(session_of(1));
    CHECK_FALSE(cache.find(session_of(1)));
}

TEST_CASE("a change to a user's facts drops all of the user's sessions and no other's", "[cache]") {
    session_cache cache{64 * 1024};
    for (int number = 0; number < 20; ++number) {
        put(cache, session_of(number, 0));
        put(cache, session_of(number, 1));
    }
    CHECK(cache.size() == 40);
    cache.evict(user(7));
    CHECK(cache.size() == 38);
    for (int number = 0; number < 20; ++number) {
        CHECK((cache.find(session_of(number, 0)) != nullptr) == (number != 7));
        CHECK((cache.find(session_of(number, 1)) != nullptr) == (number != 7));
    }
}

TEST_CASE("the least recently used goes when there is no room, and memory keeps to its bound", "[cache]") {
    session_cache cache{16 * 1024};
    for (int number = 0; cache.squeezed_out() == 0; ++number) put(cache, session_of(number));
    const auto room = static_cast<int>(cache.size());
    CHECK(room > 10);
    CHECK_FALSE(cache.find(session_of(0)));
    for (int round = 0; round < 5'000; ++round) {
        REQUIRE(cache.find(session_of(1)));  // in use all the time
        put(cache, session_of(1'000 + round));
        REQUIRE(cache.bytes() <= 16 * 1024);
    }
    CHECK_FALSE(cache.find(session_of(2)));
    CHECK(cache.size() == static_cast<std::size_t>(room));
    cache.clear();
    CHECK(cache.size() == 0);
    CHECK(cache.bytes() == 0);
}

TEST_CASE("what does not fit at all is not kept", "[cache]") {
    session_cache cache{100};
    put(cache, session_of(1));
    CHECK_FALSE(cache.find(session_of(1)));
    CHECK(cache.bytes() == 0);
}

TEST_CASE("a key tells whether it speaks of a session or of a user, or of neither", "[cache]") {
    const redis_schema keys{"stage"};
    const auto who = session_of(3, 4);
    const auto of_session = keys.subject_of(keys.session(who.user, who.session));
    REQUIRE(of_session);
    CHECK(of_session->user == who.user);
    CHECK(of_session->session == who.session);
    const auto of_user = keys.subject_of(keys.user(who.user));
    REQUIRE(of_user);
    CHECK(of_user->user == who.user);
    CHECK_FALSE(of_user->session);
    const auto session_key = keys.session(who.user, who.session);
    for (const auto& other : {std::string{}, std::string{"stage"}, std::string{"stage:{"}, keys.events(who.user), keys.admin_events(),
                              redis_schema{"other"}.user(who.user), session_key + "0", session_key.substr(0, 60),
                              keys.user(who.user) + "x", keys.probe("n")}) {
        INFO(other);
        CHECK_FALSE(keys.subject_of(other));
    }
}
