// How many sockets the process and each user may hold. The one thing that shards share beside the metrics: a bound per
// user that each shard kept alone would be one per shard. Touched twice in a socket's life, never on the way of an
// event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "common/core/uuid.hpp"

namespace stagedoor::notify {

class socket_quota {
public:
    socket_quota(std::size_t sockets, std::size_t per_user) : sockets_{sockets}, per_user_{per_user} {}
    socket_quota(const socket_quota&) = delete;
    socket_quota& operator=(const socket_quota&) = delete;

    // The right to hold one socket, given back by its destructor.
    class place {
    public:
        place(place&& other) noexcept
            : quota_{std::exchange(other.quota_, nullptr)}, user_{std::exchange(other.user_, std::nullopt)} {}
        place& operator=(place&&) = delete;
        ~place();

        // Counts it as this user's, once. False when the user has enough.
        bool claim_for(const user_id& user);

    private:
        friend class socket_quota;
        explicit place(socket_quota& quota) : quota_{&quota} {}

        socket_quota* quota_;
        std::optional<user_id> user_;
    };

    // Nothing when the process has enough.
    std::optional<place> take();

    std::size_t taken() const;

private:
    const std::size_t sockets_;
    const std::size_t per_user_;
    mutable std::mutex mutex_;
    std::size_t taken_ = 0;
    std::unordered_map<user_id, std::uint32_t, id_hash<user_tag>> of_user_;
};

}  // namespace stagedoor::notify
