// The sessions that the ledger says are over, and of which this node does not know that Redis was told. Another node may
// still say yes to them, out of Redis or of what it remembers: for as long as a lease by which it believes Redis, and no
// such lease is from before the end for longer than limits::redis_trust_lease after it. Until then nobody is told no (K10).
// When the end was committed need not be known, nor by which clock: it was before somebody first read of it here.
// One object per process; any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include "common/core/limits.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

class unheard_ends {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // `lease`: how long a node believes Redis at most.
    explicit unheard_ends(std::chrono::milliseconds lease = limits::redis_trust_lease) : lease_{lease} {}

    // After the ledger was read, or the end committed. Of several the first counts. False: there is no room for another
    // one, so that nobody may be told.
    [[nodiscard]] bool note(const session_ref& who, time_point now = std::chrono::steady_clock::now());

    // A Redis that is believed has the tombstone. Costs one load while nothing is unheard of.
    void heard(const session_ref& who) {
        if (known_.load(std::memory_order_relaxed) != 0) forget(who);
    }

    // From when on nobody says yes to it any more; the beginning of time for what has been heard of. Costs as little.
    time_point final_from(const session_ref& who) const {
        return known_.load(std::memory_order_relaxed) == 0 ? time_point::min() : look_up(who);
    }

private:
    struct hash {
        std::size_t operator()(const session_ref& who) const noexcept { return id_hash<session_tag>{}(who.session); }
    };
    using generation = std::unordered_map<session_ref, time_point, hash>;

    void forget(const session_ref& who);
    time_point look_up(const session_ref& who) const;

    const std::chrono::milliseconds lease_;
    std::atomic<std::size_t> known_{0};
    mutable std::mutex mutex_;
    // Ends are for good, so there is no hurry to forget them: a full generation gives way when all in it are final.
    generation young_, old_;
    time_point newest_ = time_point::min();  // of the young ones
};

}  // namespace stagedoor::session
