#include "auth-service/src/session/unheard_ends.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace std::chrono_literals;

namespace {

constexpr auto lease = limits::redis_trust_lease;
constexpr auto at_once = unheard_ends::time_point::min();
const unheard_ends::time_point t0 = std::chrono::steady_clock::time_point{1h};

session_ref somebody() { return {user_id{make_uuid_v7()}, session_id{make_uuid_v4()}}; }

// Notes so many others, and says whether all of them were taken.
bool crowd(unheard_ends& ends, std::size_t count, unheard_ends::time_point at) {
    bool all = true;
    for (std::size_t i = 0; i < count; ++i) all = ends.note(somebody(), at) && all;
    return all;
}

}  // namespace

TEST_CASE("an end is final a lease after it was first seen") {
    unheard_ends ends;
    const auto ada = somebody(), bob = somebody();
    CHECK(ends.final_from(ada) == at_once);
    CHECK(ends.note(ada, t0));
    CHECK(ends.note(ada, t0 + 100ms));  // seen again
    CHECK(ends.final_from(ada) == t0 + lease);
    CHECK(ends.final_from(bob) == at_once);
}

TEST_CASE("an end that Redis has heard of is final") {
    unheard_ends ends;
    const auto ada = somebody(), bob = somebody();
    CHECK(ends.note(ada, t0));
    CHECK(ends.note(bob, t0));
    ends.heard(ada);
    ends.heard(somebody());
    CHECK(ends.final_from(ada) == at_once);
    CHECK(ends.final_from(bob) == t0 + lease);
}

TEST_CASE("ends that are not final are never forgotten: there is no room for more") {
    unheard_ends ends;
    constexpr auto half = limits::unheard_ends / 2;
    const auto first = somebody(), last = somebody(), late = somebody();
    CHECK(ends.note(first, t0));
    CHECK(crowd(ends, half - 2, t0));
    CHECK(ends.note(last, t0 + 100ms));
    CHECK_FALSE(ends.note(late, t0 + lease));
    CHECK(ends.final_from(late) == at_once);  // nobody may be told, so nobody asks
    CHECK(ends.note(first, t0 + lease));

    CHECK(ends.note(late, t0 + 100ms + lease));  // all those are final now, and remembered for a while
    CHECK(ends.final_from(first) == t0 + lease);
    CHECK(ends.final_from(late) == t0 + 100ms + 2 * lease);
    CHECK(crowd(ends, half - 1, t0 + 1s));
    CHECK(ends.note(somebody(), t0 + 1h));
    CHECK(ends.final_from(last) == at_once);
    CHECK(ends.final_from(late) == t0 + 100ms + 2 * lease);
}
