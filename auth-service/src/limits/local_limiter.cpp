#include "auth-service/src/limits/local_limiter.hpp"

#include <algorithm>

namespace stagedoor::rate_limit {

decision local_limiter::decide(const question& asked, time_point now) {
    auto key = std::string{row_of(asked.what).name} + ":" + asked.subject;
    const std::lock_guard lock{mutex_};
    const auto found = by_key_.find(key);
    const debt owed = found == by_key_.end()
                          ? debt{0}
                          : std::max(std::chrono::duration_cast<debt>(found->second->settled - now), debt{0});
    const auto decided = rate_limit::decide(asked.limit, owed, asked.how);
    if (found != by_key_.end()) {
        found->second->settled = now + decided.owed;
        by_use_.splice(by_use_.begin(), by_use_, found->second);
    } else if (decided.owed > debt{0}) {
        by_use_.push_front({std::move(key), now + decided.owed});
        by_key_.emplace(by_use_.front().key, by_use_.begin());
        if (by_use_.size() > most_) {
            by_key_.erase(by_use_.back().key);
            by_use_.pop_back();
        }
    }
    return decided;
}

std::size_t local_limiter::size() const {
    const std::lock_guard lock{mutex_};
    return by_use_.size();
}

}  // namespace stagedoor::rate_limit
