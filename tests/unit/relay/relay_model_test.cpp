// Every interleaving of two relays with what may befall them and their Redis; see relay_world.hpp for the world.
#include "tests/support/model_checks.hpp"
#include "tests/unit/relay/relay_world.hpp"

using namespace stagedoor;
using namespace stagedoor::model;

namespace {

void require_safe(const relay_budget& left) { model::require_safe("relay", relay_world{left}, 1'000); }

bool fails(const relay_budget& left, skipped rule) { return model::fails(relay_world{left, rule}); }

}  // namespace

TEST_CASE("two relays, a failure and a death: each change gets there once and in order, and nothing is left behind",
          "[relay][model]") {
    SECTION("three changes") { require_safe({.rows = 3}); }
    SECTION("a failure and a death") { require_safe({.failures = 1, .deaths = 1}); }
}

TEST_CASE("whatever Redis loses, two relays bring it back, to users and admins", "[relay][model]") {
    SECTION("wiped, and the past is purged") { require_safe({.purges = 1, .wipes = 1}); }
    SECTION("older, with an admin who watches") { require_safe({.restores = 1, .looks = 1}); }
}

TEST_CASE("the model of the relay notices each rule that is left out", "[relay][model]") {
    CHECK(fails({}, skipped::chain));
    CHECK(fails({}, skipped::refusal_of_repeats));
    CHECK(fails({.failures = 1}, skipped::admins));
    CHECK(fails({.rows = 1, .wipes = 2}, skipped::look_at_the_fence));
    CHECK(fails({.restores = 1, .looks = 1}, skipped::new_incarnation));
    CHECK(fails({.purges = 1, .wipes = 1}, skipped::rebase));
}
