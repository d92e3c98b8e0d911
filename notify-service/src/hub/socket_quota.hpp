// How many sockets the process, each user and each network of clients may hold, WebSockets and event streams together.
// The one thing that shards share beside the metrics: a bound that each shard kept alone would be one per shard. Touched
// twice in a socket's life, never on the way of an event.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::notify {

class socket_quota {
    using networks = std::unordered_map<std::string, std::uint32_t>;

public:
    struct bounds {
        std::size_t sockets;
        std::size_t per_user;
        std::size_t per_network;
    };
    explicit socket_quota(const bounds& limits) : limits_{limits} {}
    socket_quota(const socket_quota&) = delete;
    socket_quota& operator=(const socket_quota&) = delete;

    // The right to hold one socket, given back by its destructor.
    class place {
    public:
        place(place&& other) noexcept
            : quota_{std::exchange(other.quota_, nullptr)},
              network_{other.network_},
              user_{std::exchange(other.user_, std::nullopt)} {}
        place& operator=(place&&) = delete;
        ~place();

        // Counts it as this user's, once. False when the user has enough.
        bool claim_for(const user_id& user);

    private:
        friend class socket_quota;
        place(socket_quota& quota, networks::value_type& network) : quota_{&quota}, network_{&network} {}

        socket_quota* quota_;
        networks::value_type* network_;  // stays where it is while anybody of it holds a place
        std::optional<user_id> user_;
    };

    // `network`: see runtime::network_of. errc::overloaded: the process has enough; rate_limited: the network has.
    result<place> take(const std::string& network);

    std::size_t taken() const;

private:
    const bounds limits_;
    mutable std::mutex mutex_;
    std::size_t taken_ = 0;
    std::unordered_map<user_id, std::uint32_t, id_hash<user_tag>> of_user_;
    networks of_network_;
};

}  // namespace stagedoor::notify
