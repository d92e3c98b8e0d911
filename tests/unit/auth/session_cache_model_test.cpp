// Every interleaving of a small world: one session that changes, a Redis that tracks who has read it, and two nodes, each
// with a data connection, a listener and the cache and the tracking state that the service runs. Replies and news of
// changes overtake each other; connections are closed, or go half open so that a node is not told; Redis is wiped, started
// again, forgets what was read for want of room, or stands still while somebody reads in the ledger what it was not told;
// the listener's socket gets full. In each of them (C1 to C4)
//   - a change whose writer was answered is in every answer from memory, and so is one that the ledger told of (K10),
//     unless a connection that the answer stands on is lost and the node does not know it yet,
//   - and even then no answer is older than the lease.
#include <catch2/catch.hpp>

#include "tests/unit/auth/session_cache_explorer.hpp"

using namespace stagedoor::tests::cache_model;

namespace {

// An end is committed and the ledger tells of it while Redis stands still, or has just not been told.
constexpr budget stands_still{.reads = 1, .ticks = 3, .ends = 1, .freezes = 1, .looks = 1, .present = 1};
constexpr budget untold{.reads = 1, .ticks = 3, .pings = 2, .ends = 1, .looks = 1, .present = 1};

}  // namespace

TEST_CASE("no answer from memory misses a settled change, and none is older than the lease", "[cache][model]") {
    const auto allowed = GENERATE(
        budget{.writes = 2, .reads = 3, .forgotten = 1},
        budget{.writes = 1, .reads = 2, .pings = 1, .present = 1, .armed = false},
        budget{.writes = 2, .reads = 2, .wipes = 1, .pings = 1},
        budget{.writes = 1, .reads = 1, .ticks = 3, .half_opens = 1, .pings = 2, .present = 1},
        budget{.writes = 1, .reads = 2, .ticks = 2, .half_opens = 1, .pings = 1, .present = 1},
        budget{.writes = 1, .reads = 2, .closings = 1, .pings = 1},
        budget{.writes = 1, .reads = 2, .closings = 1, .half_opens = 1, .pings = 1, .present = 1},
        budget{.writes = 1, .reads = 2, .restarts = 1, .pings = 1, .present = 1},
        budget{.writes = 2, .reads = 3, .pings = 2, .present = 1, .room = 1},
        budget{.writes = 1, .own_writes = 2, .reads = 3},
        budget{.writes = 1, .reads = 2, .half_opens = 1, .pings = 1},
        budget{.writes = 1, .reads = 2, .restarts = 1},
        stands_still, untold,
        budget{.reads = 1, .ticks = 2, .half_opens = 1, .ends = 1, .looks = 1, .present = 1});
    const explorer seen{allowed};
    INFO(seen.states() << " states");
    CHECK(seen.wrong() == "");
    CHECK(seen.answers_from_memory() > 0);
}

TEST_CASE("a no of the ledger that does not wait is gainsaid by what another node remembers", "[cache][model]") {
    auto impatient = GENERATE(stands_still, untold);
    impatient.patient = false;
    CHECK(explorer{impatient}.wrong() == "let in after the ledger's no");
}

TEST_CASE("the model of the cache notices each rule that is left out", "[cache][model]") {
    const auto fails = [](breakage broken, budget allowed) {
        allowed.broken = broken;
        return !explorer{allowed}.wrong().empty();
    };
    const budget calm{.writes = 1, .reads = 2};
    const budget closing{.writes = 1, .reads = 2, .closings = 1, .pings = 1};
    const budget half_open{.writes = 1, .reads = 1, .ticks = 3, .half_opens = 1, .pings = 2, .present = 1};
    CHECK(fails(breakage::late_reply_is_kept, calm));
    CHECK(fails(breakage::data_loss_is_forgotten, closing));
    CHECK(fails(breakage::listener_loss_is_forgotten, closing));
    CHECK(fails(breakage::lease_never_ends, half_open));
    CHECK(fails(breakage::news_are_not_read, calm));
    CHECK(fails(breakage::full_socket_is_trusted, {.writes = 2, .reads = 3, .pings = 2, .present = 1, .room = 1}));
    CHECK(fails(breakage::own_write_is_not_noted, {.own_writes = 1, .reads = 2}));
    CHECK(fails(breakage::redis_is_always_believed, untold));
}
