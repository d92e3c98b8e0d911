// Every order of sign-ins, raises of the epoch and checks; see epoch_model.hpp for the world.
#include "tests/support/catch.hpp"

#include "tests/unit/session/epoch_model.hpp"

using namespace stagedoor::model;

namespace {

void require_safe(const epoch_budget& left) {
    const auto found = explore(epoch_world{left});
    INFO(found.states << " states");
    INFO(found.counterexample.value_or(""));
    REQUIRE_FALSE(found.counterexample);
    CHECK(found.states > 500);  // it went somewhere
}

bool fails(const epoch_budget& left, oversight missed) {
    return explore(epoch_world{left, missed}).counterexample.has_value();
}

}  // namespace

TEST_CASE("no session from before a raise of the epoch survives it, except the one that was kept", "[epoch][model]") {
    SECTION("signing out everywhere, twice") { require_safe({.sign_ins = 3, .sign_outs = 2, .checks = 2}); }
    SECTION("sign-ins whose snapshot does not reach Redis") {
        require_safe({.sign_ins = 3, .changes = 1, .sign_outs = 1, .checks = 2, .lost_puts = 2});
    }
    SECTION("a suspension") { require_safe({.sign_ins = 3, .sign_outs = 1, .suspensions = 1, .checks = 2}); }
    SECTION("a suspension, and a snapshot that does not reach Redis") {
        require_safe({.sign_ins = 2, .sign_outs = 1, .suspensions = 1, .checks = 2, .lost_puts = 1});
    }
    SECTION("two password changes") { require_safe({.sign_ins = 3, .changes = 2, .checks = 2}); }
    SECTION("a password change and signing out everywhere") {
        require_safe({.sign_ins = 2, .changes = 2, .sign_outs = 1, .checks = 2});
    }
    SECTION("a password change and a suspension") {
        require_safe({.sign_ins = 2, .changes = 1, .suspensions = 1, .checks = 2});
    }
}

TEST_CASE("the model of epochs notices each rule that is left out", "[epoch][model]") {
    const epoch_budget everywhere{.sign_ins = 2, .sign_outs = 1, .checks = 2};
    const epoch_budget change{.sign_ins = 2, .changes = 1, .checks = 2};
    const epoch_budget changes{.sign_ins = 2, .changes = 2, .checks = 2};
    const epoch_budget both{.sign_ins = 2, .changes = 1, .sign_outs = 1, .checks = 2};

    CHECK(fails(everywhere, oversight::epoch_read_at_begin));
    CHECK(fails({.sign_ins = 1, .suspensions = 1, .lost_puts = 1}, oversight::no_not_confirmed));
    CHECK(fails(everywhere, oversight::answered_untold));
    CHECK(fails(change, oversight::kept_in_second_commit));
    CHECK(fails(changes, oversight::hash_not_compared));
    CHECK(fails(both, oversight::kept_not_checked));
    CHECK(fails(both, oversight::kept_for_ever));
}

// They cost the next check a read, no more: whoever is told no has been looked up in the ledger.
TEST_CASE("snapshots that are behind turn nobody away", "[epoch][model]") {
    const epoch_budget left{.sign_ins = 2, .sign_outs = 1, .suspensions = 1, .checks = 2, .lost_puts = 1};
    CHECK_FALSE(fails(left, oversight::snapshot_believed));
    CHECK_FALSE(fails(left, oversight::snapshot_left_behind));
}
