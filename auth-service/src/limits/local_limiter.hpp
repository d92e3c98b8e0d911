// The counts of one node, for while Redis is away. Bounded: of too many subjects, those longest unused are forgotten.
// Any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <mutex>
#include <string>
#include <unordered_map>

#include "auth-service/src/limits/rate_limiter.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::rate_limit {

class local_limiter {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit local_limiter(std::size_t most_subjects = limits::local_rate_limits) : most_{most_subjects} {}

    decision decide(const question& asked, time_point now);

    std::size_t size() const;

private:
    struct entry {
        std::string key;
        time_point settled;  // when nothing will be owed any more
    };

    const std::size_t most_;
    mutable std::mutex mutex_;
    std::list<entry> by_use_;  // the last used one first
    std::unordered_map<std::string_view, std::list<entry>::iterator> by_key_;  // views into the entries
};

}  // namespace stagedoor::rate_limit
