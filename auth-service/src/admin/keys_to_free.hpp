// Idempotency-Keys whose requests came to nothing while the database took no change: they are forgotten as soon as it
// takes some again, so that whoever repeats does not wait for the lease. Pure; any thread.
#pragma once

#include <chrono>
#include <mutex>
#include <utility>
#include <vector>

#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::admin {

class keys_to_free {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // `until`: the key may be another request's afterwards. Beyond as many as answers are kept the lease has to do.
    struct owed {
        sha256_digest key{};
        time_point until{};
    };

    void note(owed what) {
        const std::lock_guard lock{mutex_};
        if (owed_.size() < limits::kept_answers) owed_.push_back(what);
    }

    // Those that may still be forgotten. Once they are taken they are the caller's to forget, or to note again.
    std::vector<owed> take(time_point now) {
        const std::lock_guard lock{mutex_};
        auto all = std::exchange(owed_, {});
        std::erase_if(all, [now](const owed& each) { return each.until <= now; });
        return all;
    }

private:
    std::mutex mutex_;
    std::vector<owed> owed_;
};

}  // namespace stagedoor::admin
