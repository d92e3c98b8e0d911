// The versions of users that this node has told from the ledger before Redis was known to have them (K8): a snapshot
// that is older would show somebody their past. One object per process, asked at each check: while nothing in it counts,
// that is one relaxed load.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "common/core/uuid.hpp"

namespace stagedoor::session {

class told_versions {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // After the ledger was read, and before its answer is told.
    void remember(const user_id& user, std::int64_t version, time_point now = std::chrono::steady_clock::now());

    // Whether this node may have told more than `version`, which is what Redis has of the user. What was told before
    // `as_of` does not count: by then Redis had it (redis_trust::as_of).
    bool may_outdate(const user_id& user, std::int64_t version, time_point as_of) const {
        if (newest_.load(std::memory_order_relaxed) < as_of.time_since_epoch().count()) return false;
        return has_newer(user, version, as_of);
    }

private:
    struct told {
        std::int64_t version = 0;
        time_point at;
    };
    using generation = std::unordered_map<user_id, told, id_hash<user_tag>>;

    bool has_newer(const user_id& user, std::int64_t version, time_point as_of) const;
    void forget_old(time_point now);

    std::atomic<std::chrono::steady_clock::rep> newest_{std::chrono::steady_clock::duration::min().count()};
    mutable std::mutex mutex_;
    generation young_, old_;  // what was told in the present minute, and in the one before
    time_point turned_{};
    time_point overflowed_ = time_point::min();  // somebody who was told something then may not be among them
};

}  // namespace stagedoor::session
