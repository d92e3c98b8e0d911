#include "auth-service/src/session/own_writes.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace stagedoor;
using namespace stagedoor::session;

namespace {

session_ref session_of(std::uint8_t number) {
    session_ref made;
    made.user.bytes[15] = made.session.bytes[15] = number;
    return made;
}

struct shard {
    explicit shard(own_writes& writes) : inbox{writes.add_inbox()} {}

    void remember(const session_ref& who) { cache.keep(who, cache.expect(who), {}); }
    bool remembers(const session_ref& who) {
        inbox.apply_to(cache);
        return cache.find(who) != nullptr;
    }

    own_writes::inbox& inbox;
    session_cache cache{1024 * 1024};
};

}  // namespace

TEST_CASE("what one shard writes is forgotten by all of them before they answer again", "[cache]") {
    own_writes writes;
    shard first{writes}, second{writes};
    for (auto* const each : {&first, &second}) {
        for (std::uint8_t number = 1; number <= 3; ++number) each->remember(session_of(number));
    }
    std::thread{[&] {
        writes.note(session_of(1));
        writes.note(session_of(2).user);
    }}.join();
    for (auto* const each : {&first, &second}) {
        CHECK_FALSE(each->remembers(session_of(1)));
        CHECK_FALSE(each->remembers(session_of(2)));
        CHECK(each->remembers(session_of(3)));
        each->remember(session_of(1));
        CHECK(each->remembers(session_of(1)));  // told once
    }
}

TEST_CASE("a shard that did not look for long forgets everything rather than keep a list without end", "[cache]") {
    own_writes writes;
    shard slow{writes};
    slow.remember(session_of(200));
    for (int i = 0; i < 10'000; ++i) writes.note(session_of(1));
    CHECK_FALSE(slow.remembers(session_of(200)));
}
