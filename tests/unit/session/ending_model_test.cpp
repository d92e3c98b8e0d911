// Every interleaving of an end with checks and refreshes on several nodes; see ending_model.hpp for the world.
#include "tests/support/catch.hpp"

#include "tests/unit/session/ending_model.hpp"

using namespace stagedoor::model;

namespace {

void require_safe(const ending_world& start) {
    const auto found = explore(start);
    INFO(found.states << " states");
    INFO(found.counterexample.value_or(""));
    REQUIRE_FALSE(found.counterexample);
    CHECK(found.states > 500);  // it went somewhere
}

bool fails(const ending_budget& left, shortcut cut) {
    return explore(ending_world{2, 1, true, left, cut}).counterexample ||
           explore(ending_world{2, 1, false, left, cut}).counterexample;
}

}  // namespace

TEST_CASE("after an end was answered no check says yes, and no record outlives it", "[ending][model]") {
    const bool warm = GENERATE(true, false);
    SECTION("four requests") { require_safe({2, 2, warm, {}}); }
    SECTION("tombstones run out") { require_safe({3, 1, warm, {.expiries = 2}}); }
    SECTION("a node is frozen for longer than a tombstone's time") {
        require_safe({2, 1, warm, {.expiries = 2, .frozen = true}});
    }
    SECTION("a node is frozen for so long, and then dies") {
        require_safe({2, 1, warm, {.expiries = 2, .deaths = 1, .frozen = true}});
    }
    SECTION("a node is frozen for so long, and Redis comes back older") {
        require_safe({2, 1, warm, {.copies = 1, .restores = 1, .expiries = 1, .frozen = true}});
    }
    SECTION("nodes die in the middle") { require_safe({2, 2, warm, {.deaths = 1}}); }
    SECTION("Redis comes back older") { require_safe({2, 1, warm, {.copies = 1, .restores = 2}}); }
    SECTION("Redis comes back empty") { require_safe({2, 1, warm, {.wipes = 2, .expiries = 1}}); }
    SECTION("older, and a death") { require_safe({2, 1, warm, {.copies = 1, .restores = 1, .deaths = 1}}); }
}

TEST_CASE("the model of ending notices each step that is left out", "[ending][model]") {
    CHECK(fails({.expiries = 1, .frozen = true}, shortcut::no_hold));
    CHECK(fails({.expiries = 1, .deaths = 1, .frozen = true}, shortcut::second_look));
    CHECK(fails({.expiries = 2, .deaths = 1, .frozen = true}, shortcut::holds_alike));
    CHECK(fails({}, shortcut::touch_without_compare));
    CHECK(fails({}, shortcut::rebuild_over_all));
    CHECK(fails({.expiries = 1}, shortcut::redis_before_ledger));
    CHECK(fails({}, shortcut::answered_unburied));
    CHECK(fails({.copies = 1, .restores = 1}, shortcut::older_copy_believed));
    CHECK(fails({.copies = 1, .restores = 1}, shortcut::ends_not_replayed));
}
