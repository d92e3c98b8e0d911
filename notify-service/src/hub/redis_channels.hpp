// The port `channels` over the shard's subscription link, and the way back from a channel's name to its user.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/core/redis_schema.hpp"
#include "common/redis/subscriber.hpp"
#include "notify-service/src/hub/channels.hpp"

namespace stagedoor::notify {

class redis_channels final : public channels {
public:
    // Both outlive this.
    redis_channels(redis::subscriber& link, const redis_schema& keys) : link_{link}, keys_{keys} {}

    runtime::task<result<void>> acquire(user_id user) override;
    void release(const user_id& user) override;
    runtime::task<result<void>> acquire_admins() override;
    void release_admins() override;

private:
    runtime::task<result<void>> acquire_channel(std::string channel);

    redis::subscriber& link_;
    const redis_schema& keys_;
};

// Whose channel it is; nothing for a name that redis_schema::events() does not make.
std::optional<user_id> user_of_channel(const redis_schema& keys, std::string_view channel) noexcept;

}  // namespace stagedoor::notify
