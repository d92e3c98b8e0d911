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

    // What a welcome says of the admins' stream.
    enum class watching : std::uint8_t {
        nothing,  // this socket is no console
        soon,     // another welcome will tell
        anew,     // from its end on: what came before is not told
        resumed,  // what follows continues behind the client's cursor, or behind what was written
    };
    struct welcome {
        const user_facts& facts;
        std::string_view cursor;
        bool resumed = false;
        watching feed = watching::nothing;
        std::chrono::milliseconds heartbeat_interval{};
    };
    std::string make(const welcome& frame, instant now);

    // `cursor`: what was written to this socket last (N4).
    std::string make_heartbeat(std::string_view cursor, instant now);

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
