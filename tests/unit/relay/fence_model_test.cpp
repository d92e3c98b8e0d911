// Every interleaving of what happens to a database, two nodes and their Redis; see fence_world.hpp for the world.
#include "tests/support/model_checks.hpp"
#include "tests/unit/relay/fence_world.hpp"

using namespace stagedoor;
using namespace stagedoor::model;

namespace {

void require_safe(const fence_budget& left) { model::require_safe("fence", fence_world{left}, 10'000); }

bool fails(const fence_budget& left, omission left_out) { return model::fails(fence_world{left, left_out}); }

}  // namespace

TEST_CASE("whatever Redis loses, nobody is answered from what it lacks, and in the end it has everything",
          "[fence][model]") {
    const bool end = GENERATE(false, true);
    SECTION("wiped, and a node dies") { require_safe({.end = end, .wipes = 1, .deaths = 1}); }
    SECTION("wiped, and something fails") { require_safe({.end = end, .wipes = 1, .failures = 1}); }
    SECTION("restarted older or empty, and a node dies") { require_safe({.end = end, .restarts = 1, .deaths = 1}); }
    SECTION("a replica takes over, and relays follow late") { require_safe({.end = end, .failover = true}); }
}

TEST_CASE("an end that the outbox has lost since is told to an older copy all the same", "[fence][model]") {
    require_safe({.end = true, .restarts = 1, .spoilt = true});
}

TEST_CASE("facts that were on their way while Redis was wiped show nobody the past", "[fence][model]") {
    const bool end = GENERATE(false, true);
    require_safe({.keepers = 1, .end = end, .wipes = 1, .rebuilds = 1, .refreshes = 1});
}

TEST_CASE("the model of the fence notices each rule that is left out", "[fence][model]") {
    const fence_budget stale{.keepers = 1, .wipes = 1, .rebuilds = 1, .refreshes = 1};
    CHECK(fails({.restarts = 1}, omission::older_copy_believed));
    CHECK(fails({}, omission::lease_without_scan));
    CHECK(fails({}, omission::pending_told_at_once));
    CHECK(fails({.end = true, .restarts = 1, .spoilt = true}, omission::ends_not_buried));
    CHECK(fails({.restarts = 1}, omission::cursor_not_replayed));
    CHECK(fails({.wipes = 1}, omission::lease_not_compared));
    CHECK(fails({.failover = true}, omission::marked_for_any_feed));
    CHECK(fails(stale, omission::record_before_snapshot));
    CHECK(fails(stale, omission::record_at_once));
    CHECK(fails({.end = true, .wipes = 2, .rebuilds = 1}, omission::record_without_hold));
}
