// What all shards of one process share about sessions. Any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "auth-service/src/session/own_writes.hpp"
#include "auth-service/src/session/redis_trust.hpp"
#include "auth-service/src/session/told_versions.hpp"
#include "auth-service/src/session/unheard_ends.hpp"

namespace stagedoor::session {

// Since the start of the process; read by the metrics page.
struct ledger_counters {
    // Checks that the ledger answered, by why Redis did not.
    std::atomic<std::uint64_t> untrusted = 0;  // it may not be believed (redis_trust)
    std::atomic<std::uint64_t> no_reply = 0;   // it is away, too slow, or refused
    // Checks that nobody answered.
    std::atomic<std::uint64_t> overloaded = 0;   // beyond limits::ledger_checks
    std::atomic<std::uint64_t> unavailable = 0;  // the database is away too

    std::uint64_t answers() const noexcept { return untrusted + no_reply; }
};

struct session_node {
    redis_trust trust;
    told_versions told;
    unheard_ends unheard;
    own_writes writes;
    ledger_counters ledger;
};

}  // namespace stagedoor::session
