#include "auth-service/src/session/unheard_ends.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::session {

bool unheard_ends::note(const session_ref& who, time_point now) {
    const std::lock_guard lock{mutex_};
    if (old_.contains(who) || young_.contains(who)) return true;
    if (young_.size() >= limits::unheard_ends / 2) {
        if (now < newest_ + lease_) return false;
        old_ = std::exchange(young_, {});
    }
    young_.emplace(who, now);
    newest_ = std::max(newest_, now);
    known_.store(young_.size() + old_.size(), std::memory_order_relaxed);
    return true;
}

void unheard_ends::forget(const session_ref& who) {
    const std::lock_guard lock{mutex_};
    if (young_.erase(who) + old_.erase(who) == 0) return;
    known_.store(young_.size() + old_.size(), std::memory_order_relaxed);
}

unheard_ends::time_point unheard_ends::look_up(const session_ref& who) const {
    const std::lock_guard lock{mutex_};
    for (const auto* const each : {&young_, &old_}) {
        const auto found = each->find(who);
        if (found != each->end()) return found->second + lease_;
    }
    return time_point::min();
}

}  // namespace stagedoor::session
