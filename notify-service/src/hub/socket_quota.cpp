#include "notify-service/src/hub/socket_quota.hpp"

namespace stagedoor::notify {

result<socket_quota::place> socket_quota::take(const std::string& network) {
    const std::lock_guard lock{mutex_};
    if (taken_ >= limits_.sockets) return errc::overloaded;
    auto& counted = *of_network_.try_emplace(network, 0).first;
    if (counted.second >= limits_.per_network) return errc::rate_limited;
    ++counted.second;
    ++taken_;
    return place{*this, counted};
}

bool socket_quota::place::claim_for(const user_id& user) {
    const std::lock_guard lock{quota_->mutex_};
    auto& count = quota_->of_user_[user];
    if (count >= quota_->limits_.per_user) return false;
    ++count;
    user_ = user;
    return true;
}

socket_quota::place::~place() {
    if (!quota_) return;
    const std::lock_guard lock{quota_->mutex_};
    --quota_->taken_;
    if (--network_->second == 0) quota_->of_network_.erase(quota_->of_network_.find(network_->first));
    if (!user_) return;
    const auto found = quota_->of_user_.find(*user_);
    if (--found->second == 0) quota_->of_user_.erase(found);
}

std::size_t socket_quota::taken() const {
    const std::lock_guard lock{mutex_};
    return taken_;
}

}  // namespace stagedoor::notify
