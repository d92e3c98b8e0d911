#include "notify-service/src/hub/redis_channels.hpp"

namespace stagedoor::notify {

runtime::task<result<void>> redis_channels::acquire(user_id user) { return acquire_channel(keys_.events(user)); }

void redis_channels::release(const user_id& user) { link_.release(keys_.events(user)); }

runtime::task<result<void>> redis_channels::acquire_admins() { return acquire_channel(keys_.admin_events()); }

void redis_channels::release_admins() { link_.release(keys_.admin_events()); }

runtime::task<result<void>> redis_channels::acquire_channel(std::string channel) {
    const auto before = link_.generation();
    auto acquired = co_await link_.acquire(channel);
    if (!acquired) co_return acquired;
    // The confirmation and the loss of the link may both come before this is resumed.
    if (link_.generation() == before) co_return acquired;
    link_.release(channel);
    co_return errc::redis_unavailable;
}

std::optional<user_id> user_of_channel(const redis_schema& keys, std::string_view channel) noexcept {
    constexpr std::string_view opening = ":{";
    constexpr std::string_view ending = "}:events";
    const auto& prefix = keys.prefix();
    if (channel.size() != prefix.size() + opening.size() + uuid_text_size + ending.size()) return std::nullopt;
    if (!channel.starts_with(prefix) || !channel.ends_with(ending)) return std::nullopt;
    channel.remove_prefix(prefix.size());
    if (!channel.starts_with(opening)) return std::nullopt;
    return user_id::parse(channel.substr(opening.size(), uuid_text_size));
}

}  // namespace stagedoor::notify
