#include "common/redis/subscription_table.hpp"

#include <utility>

#include "common/redis/command.hpp"

namespace stagedoor::redis {

bool subscription_table::hold(std::string_view channel) {
    auto at = channels_.find(channel);
    if (at == channels_.end()) at = channels_.try_emplace(std::string{channel}).first;
    auto& state = at->second;
    if (++state.held == 1 && connected_) subscribe(*at);
    return state.is_confirmed();
}

void subscription_table::await(std::string_view channel, waiter done) {
    channels_.find(channel)->second.waiters.push_back(std::move(done));
}

void subscription_table::release(std::string_view channel) {
    const auto at = channels_.find(channel);
    if (at == channels_.end() || at->second.held == 0) return;
    auto& state = at->second;
    if (--state.held > 0) return;
    restored(state);
    if (!connected_) {
        channels_.erase(at);
        return;
    }
    append_command(output_.tail(), "UNSUBSCRIBE", channel);
    state.subscribed = false;
    ++state.unanswered;
}

void subscription_table::connected(std::string_view first) {
    connected_ = true;
    const auto leader = channels_.find(first);
    if (leader != channels_.end()) restore(*leader);
    for (auto& each : channels_) {
        if (!each.second.restoring) restore(each);
    }
}

void subscription_table::lost() {
    connected_ = false;
    restoring_ = 0;
    output_.clear();
    std::vector<waiter> failed;
    for (auto at = channels_.begin(); at != channels_.end();) {
        auto& state = at->second;
        state.held -= static_cast<std::uint32_t>(state.waiters.size());
        for (auto& each : state.waiters) failed.push_back(std::move(each));
        state.waiters.clear();
        state.unanswered = 0;
        state.subscribed = state.restoring = false;
        at = state.held == 0 ? channels_.erase(at) : std::next(at);
    }
    for (auto& each : failed) each(errc::redis_unavailable);
}

result<void> subscription_table::confirmed(bool subscribe, std::string_view channel) {
    const auto at = channels_.find(channel);
    if (at == channels_.end() || at->second.unanswered == 0) return errc::redis_protocol;
    auto& state = at->second;
    // Commands of one channel alternate, so the kind of the oldest unanswered one follows from the last one's.
    const bool due = (state.unanswered % 2 == 1) == state.subscribed;
    if (subscribe != due) return errc::redis_protocol;

    --state.unanswered;
    if (state.unanswered > 0) return {};
    if (!state.subscribed) {
        channels_.erase(at);
        return {};
    }
    restored(state);
    auto waiters = std::exchange(state.waiters, {});
    for (auto& each : waiters) each(result<void>{});
    return {};
}

bool subscription_table::is_confirmed(std::string_view channel) const {
    const auto at = channels_.find(channel);
    return at != channels_.end() && at->second.is_confirmed();
}

void subscription_table::subscribe(channel_map::value_type& channel) {
    append_command(output_.tail(), "SUBSCRIBE", channel.first);
    channel.second.subscribed = true;
    ++channel.second.unanswered;
}

void subscription_table::restore(channel_map::value_type& channel) {
    channel.second.restoring = true;
    ++restoring_;
    subscribe(channel);
}

void subscription_table::restored(channel_state& state) {
    if (std::exchange(state.restoring, false)) --restoring_;
}

}  // namespace stagedoor::redis
