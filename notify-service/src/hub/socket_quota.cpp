#include "notify-service/src/hub/socket_quota.hpp"

namespace stagedoor::notify {

std::optional<socket_quota::place> socket_quota::take() {
    const std::lock_guard lock{mutex_};
    if (taken_ >= sockets_) return std::nullopt;
    ++taken_;
    return place{*this};
}

bool socket_quota::place::claim_for(const user_id& user) {
    const std::lock_guard lock{quota_->mutex_};
    auto& count = quota_->of_user_[user];
    if (count >= quota_->per_user_) return false;
    ++count;
    user_ = user;
    return true;
}

socket_quota::place::~place() {
    if (!quota_) return;
    const std::lock_guard lock{quota_->mutex_};
    --quota_->taken_;
    if (!user_) return;
    const auto found = quota_->of_user_.find(*user_);
    if (--found->second == 0) quota_->of_user_.erase(found);
}

std::size_t socket_quota::taken() const {
    const std::lock_guard lock{mutex_};
    return taken_;
}

}  // namespace stagedoor::notify
