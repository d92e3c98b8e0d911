#include "auth-service/src/session/own_writes.hpp"

namespace stagedoor::session {

void own_writes::inbox::take_into(session_cache& cache) {
    const std::lock_guard lock{mutex_};
    if (all_) cache.clear();
    for (const auto& each : sessions_) cache.evict(each);
    for (const auto& each : users_) cache.evict(each);
    sessions_.clear();
    users_.clear();
    all_ = false;
    filled_.store(false, std::memory_order_relaxed);
}

template <class Who>
void own_writes::inbox::put(std::vector<Who>& where, const Who& who) {
    const std::lock_guard lock{mutex_};
    if (where.size() < most) {
        where.push_back(who);
    } else {
        all_ = true;
    }
    filled_.store(true, std::memory_order_release);
}

void own_writes::note(const session_ref& who) {
    for (auto& each : inboxes_) each.put(each.sessions_, who);
}

void own_writes::note(const user_id& user) {
    for (auto& each : inboxes_) each.put(each.users_, user);
}

}  // namespace stagedoor::session
