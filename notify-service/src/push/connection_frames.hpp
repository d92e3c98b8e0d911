// The frames that notify-service speaks for itself, as CloudEvents 1.0 JSON: welcome, heartbeat, degraded, closing.
// Events of users come ready made from Redis and are not touched.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/core/close_code.hpp"
#include "common/core/user.hpp"

namespace stagedoor::notify {

// Writes the frames of one shard. Their ids are `<node>.<shard>.<n>`, never the same twice.
class connection_frames {
public:
    // `node`: unique among the nodes and all their restarts, out of [A-Za-z0-9_-].
    connection_frames(std::string_view node, std::size_t shard);

    struct welcome {
        const user_facts& facts;
        std::int64_t version = 0;  // the position that its cursor names
        bool resumed = false;
        std::chrono::milliseconds heartbeat_interval{};
    };
    std::string make(const welcome& frame, instant now);

    // `version`: what was written to this socket last (N4).
    std::string make_heartbeat(const user_id& user, std::int64_t version, instant now);

    // Redis is away: events come late. The next `welcome` ends it.
    std::string make_degraded(instant now);

    // The last frame of a connection; what it advises is close_table's. `cause`: the problem behind it, where there
    // is one. `after`: the least delay before the client comes back.
    struct closing {
        close_code code = close_code::try_again_later;
        std::optional<errc> cause;
        std::optional<std::chrono::milliseconds> after;
    };
    std::string make(const closing& frame, instant now);

private:
    std::string begin(std::string_view type, instant now);

    std::string id_prefix_;
    std::uint64_t next_ = 0;
};

}  // namespace stagedoor::notify
