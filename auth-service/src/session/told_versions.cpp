#include "auth-service/src/session/told_versions.hpp"

#include <algorithm>
#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::session {

void told_versions::remember(const user_id& user, std::int64_t version, time_point now) {
    const std::lock_guard lock{mutex_};
    forget_old(now);
    auto found = young_.find(user);
    if (found == young_.end() && young_.size() < limits::told_versions / 2) found = young_.try_emplace(user).first;
    if (found == young_.end()) {
        overflowed_ = now;
    } else {
        found->second = {std::max(version, found->second.version), now};
    }
    newest_.store(now.time_since_epoch().count(), std::memory_order_relaxed);
}

bool told_versions::has_newer(const user_id& user, std::int64_t version, time_point as_of) const {
    const std::lock_guard lock{mutex_};
    if (overflowed_ >= as_of) return true;
    for (const auto* const each : {&young_, &old_}) {
        const auto found = each->find(user);
        if (found != each->end() && found->second.at >= as_of && found->second.version > version) return true;
    }
    return false;
}

void told_versions::forget_old(time_point now) {
    if (now - turned_ < limits::told_version_time) return;
    old_ = std::exchange(young_, {});
    turned_ = now;
}

}  // namespace stagedoor::session
