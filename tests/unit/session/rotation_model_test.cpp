// Every order of events in a browser, on the way, in Redis and at a thief's; see rotation_model.hpp for the world.
#include "tests/support/catch.hpp"

#include "tests/unit/session/rotation_model.hpp"

using namespace stagedoor::model;

namespace {

// The same ratios as 60 s of grace with delays of 15 s (of 20 s, 10 s) and a crash lag of 15 s (10 s, 30 s).
constexpr bounds even{4, 1, 1, 3};
constexpr bounds slow{6, 2, 1, 3};
constexpr bounds forgetful{6, 1, 3, 3};

void require_safe(const bounds& time, const budget& left) {
    const auto found = explore(rotation_world{time, left});
    INFO(found.states << " states");
    INFO(found.counterexample.value_or(""));
    REQUIRE_FALSE(found.counterexample);
    CHECK(found.states > 1'000);  // it went somewhere
}

bool fails(const bounds& time, const budget& left, breakage broken = breakage::none) {
    return explore(rotation_world{time, left, broken}).counterexample.has_value();
}

}  // namespace

TEST_CASE("no order of requests, answers, losses and a crash logs an honest browser out", "[rotation][model]") {
    SECTION("ten requests") { require_safe(even, {.requests = 10}); }
    SECTION("four at once, and a crash") { require_safe({4, 1, 1, 4}, {.requests = 8, .crashes = 1}); }
    SECTION("slow, and a crash") { require_safe(slow, {.requests = 7, .crashes = 1}); }
    SECTION("a forgetful disk, and two crashes") { require_safe(forgetful, {.requests = 6, .crashes = 2}); }
}

TEST_CASE("a Redis that comes back older or empty logs nobody out", "[rotation][model]") {
    SECTION("twice older") { require_safe(even, {.requests = 6, .copies = 1, .restores = 2}); }
    SECTION("older, and a crash") { require_safe(even, {.requests = 6, .crashes = 1, .copies = 1, .restores = 1}); }
    SECTION("older, slow") { require_safe(slow, {.requests = 6, .copies = 1, .restores = 1}); }
    SECTION("empty, and a crash") { require_safe(slow, {.requests = 6, .crashes = 1, .wipes = 1}); }
    SECTION("empty and older") { require_safe(even, {.requests = 6, .copies = 1, .restores = 1, .wipes = 1}); }
}

TEST_CASE("a stolen token is refused as reused when its successor has been used for a grace, and never before",
          "[rotation][model]") {
    const auto time = GENERATE(even, slow, forgetful);
    require_safe(time, {.requests = 8, .thief = true});
}

// A status may come back to what was acknowledged before the browser has refreshed again.
TEST_CASE("no change of the status is missed, nor told for ever, and a refresh that is repeated is told the same",
          "[rotation][model]") {
    SECTION("one") { require_safe(even, {.requests = 8, .changes = 1}); }
    SECTION("back and forth") { require_safe({4, 1, 1, 2}, {.requests = 7, .changes = 3}); }
    SECTION("back, and three at once") { require_safe(even, {.requests = 6, .changes = 2}); }
    SECTION("back, and slow") { require_safe({6, 2, 1, 2}, {.requests = 6, .changes = 2}); }
    SECTION("back, and a crash") { require_safe({4, 1, 1, 2}, {.requests = 6, .crashes = 1, .changes = 2}); }
    SECTION("pushes, and versions that the client knows") {
        require_safe({4, 1, 1, 2}, {.requests = 5, .changes = 2, .acks = 2, .pushes = 1});
    }
    SECTION("a Redis that comes back empty or older") {
        require_safe({4, 1, 1, 2}, {.requests = 6, .wipes = 1, .changes = 1});
        require_safe({4, 1, 1, 2}, {.requests = 6, .copies = 1, .restores = 1, .changes = 1});
    }
}

TEST_CASE("while keys are rolled on one node after the other, every token is known everywhere, and is one",
          "[rotation][model]") {
    require_safe({4, 1, 1, 2}, {.requests = 6, .rolls = 4});
    require_safe({4, 1, 1, 2}, {.requests = 4, .crashes = 1, .rolls = 4});
}

TEST_CASE("the model notices each rule that is left out", "[rotation][model]") {
    const budget calm{.requests = 6};
    const budget crash{.requests = 6, .crashes = 1};
    const budget older{.requests = 6, .copies = 1, .restores = 1};
    const budget older_and_crash{.requests = 6, .crashes = 1, .copies = 1, .restores = 1};
    const budget empty{.requests = 6, .wipes = 1};

    CHECK(fails(even, calm, breakage::predecessor_dies_at_once));
    CHECK(fails(even, calm, breakage::first_use_kills));
    CHECK(fails(even, crash, breakage::hand_out_starts_no_grace));
    CHECK(fails(even, older_and_crash, breakage::since_is_ignored));
    CHECK(fails(even, empty, breakage::rebuilt_without_predecessor));
    CHECK(fails(even, older, breakage::ahead_is_reused));

    const bounds pair{4, 1, 1, 2};
    const budget back{.requests = 5, .changes = 2};
    const budget change{.requests = 6, .changes = 1};
    const budget knows{.requests = 4, .changes = 1, .acks = 1};
    const budget roll{.requests = 5, .rolls = 4};
    CHECK(fails(pair, back, breakage::change_is_told_by_acknowledged_alone));
    CHECK(fails(pair, back, breakage::rotation_forgets_told));
    CHECK(fails(pair, back, breakage::hand_out_tells_predecessor_alone));
    CHECK(fails(pair, back, breakage::predecessor_is_told_nothing));
    CHECK(fails(pair, {.requests = 3, .wipes = 1, .changes = 1}, breakage::lost_rotation_counts_as_told));
    CHECK(fails(pair, change, breakage::told_is_acknowledged_at_once));
    CHECK(fails(pair, change, breakage::told_is_never_acknowledged));
    CHECK(fails(pair, knows, breakage::version_acknowledges_nothing));
    CHECK(fails(pair, roll, breakage::signed_with_todays_key));
    CHECK(fails(pair, roll, breakage::keys_rolled_in_one_phase));
}

TEST_CASE("twice the delay and the crash lag have to stay below the grace", "[rotation][model]") {
    const budget crash{.requests = 6, .crashes = 1};
    CHECK(fails({4, 2, 0, 3}, crash));
    CHECK(fails({4, 1, 3, 3}, crash));
}
