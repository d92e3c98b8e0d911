// Whether Redis may be believed about which sessions live, as one process knows it (K10, R6). It may while its link is
// up, it takes writes, it is the Redis that was fed last, and everything that the database had to tell it has been
// relayed. Otherwise the ledger answers. The relay's shard says so, every shard asks at each check: two atomics.
#pragma once

#include <atomic>
#include <chrono>

#include "common/core/clock.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::session {

class redis_trust {
public:
    using time_point = std::chrono::steady_clock::time_point;

    bool holds(time_point now = std::chrono::steady_clock::now()) const noexcept {
        return now < as_of() + limits::redis_trust_lease;
    }

    // Whatever the database had committed before this time, Redis has been told (K8, K10).
    time_point as_of() const noexcept {
        return time_point{time_point::duration{as_of_.load(std::memory_order_acquire)}};
    }

    // Redis' time when this Redis last came back with what it has (R6); the beginning of time until it is known. What
    // a record says of use before it counts as none (K3), and idleness is judged from it (K6).
    instant since() const noexcept { return from_unix_ms(since_ms_.load(std::memory_order_relaxed)); }

    // A lease: nobody has to say that it has run out. `as_of`: read from the clock before the database was asked
    // whether there is anything left to tell.
    void grant(time_point as_of, instant since) noexcept {
        since_ms_.store(to_unix_ms(since), std::memory_order_relaxed);
        as_of_.store(as_of.time_since_epoch().count(), std::memory_order_release);
    }
    void withdraw() noexcept { as_of_.store(never, std::memory_order_release); }

private:
    // Long ago, and far enough from the end of the clock to add to it.
    static constexpr auto never = std::chrono::steady_clock::duration::min().count() / 2;

    std::atomic<std::chrono::steady_clock::rep> as_of_{never};
    std::atomic<std::int64_t> since_ms_{0};
};

}  // namespace stagedoor::session
