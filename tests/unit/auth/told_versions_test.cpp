#include "auth-service/src/session/told_versions.hpp"

#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace std::chrono_literals;

namespace {
const told_versions::time_point t0 = std::chrono::steady_clock::time_point{1h};
}

TEST_CASE("what was told is newer than what is below it, for that user alone") {
    told_versions told;
    const user_id ada{make_uuid_v7()}, bob{make_uuid_v7()};
    CHECK_FALSE(told.may_outdate(ada, 1, t0));
    told.remember(ada, 3, t0);
    told.remember(ada, 2, t0);  // an answer that came late
    CHECK(told.may_outdate(ada, 2, t0));
    CHECK_FALSE(told.may_outdate(ada, 3, t0));
    CHECK_FALSE(told.may_outdate(bob, 1, t0));
}

TEST_CASE("what was told before Redis was known to have it does not count") {
    told_versions told;
    const user_id ada{make_uuid_v7()};
    told.remember(ada, 3, t0);
    CHECK_FALSE(told.may_outdate(ada, 2, t0 + 1ms));
    told.remember(user_id{make_uuid_v7()}, 1, t0 + 5ms);
    CHECK_FALSE(told.may_outdate(ada, 2, t0 + 1ms));
}

TEST_CASE("what was told is remembered for a minute, and not for ever") {
    told_versions told;
    const user_id ada{make_uuid_v7()}, bob{make_uuid_v7()};
    told.remember(ada, 3, t0);
    told.remember(bob, 1, t0 + limits::told_version_time - 1ms);
    CHECK(told.may_outdate(ada, 2, t0));
    told.remember(bob, 1, t0 + limits::told_version_time);
    CHECK(told.may_outdate(ada, 2, t0));
    told.remember(bob, 1, t0 + 2 * limits::told_version_time);
    CHECK_FALSE(told.may_outdate(ada, 2, t0));
}

TEST_CASE("when more was told than can be remembered, everybody may have been told more") {
    told_versions told;
    const user_id late{make_uuid_v7()};
    for (std::size_t i = 0; i <= limits::told_versions / 2; ++i) told.remember(user_id{make_uuid_v7()}, 1, t0);
    CHECK(told.may_outdate(late, 1, t0));
    CHECK_FALSE(told.may_outdate(late, 1, t0 + 1ms));
}
