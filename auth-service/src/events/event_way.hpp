// The way of one event, from the commit to the open tabs: pure conclusions from what the database and Redis know.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "auth-service/src/events/event_records.hpp"
#include "auth-service/src/events/socket_receipts.hpp"

namespace stagedoor::events {

// Sockets of the person, each tab and device one.
struct socket_tally {
    std::size_t listeners = 0;     // were given the event or closed for it, or are open and wait for it: they began before
    std::size_t written = 0;       // were given it
    std::size_t acknowledged = 0;  // their clients have taken it in
    std::size_t waiting = 0;       // are open and may still get it, or acknowledge it (SSE cannot)
    std::size_t ended = 0;         // it has ended their session: they were closed for it, and given nothing (N7)

    friend bool operator==(const socket_tally&, const socket_tally&) = default;
};

socket_tally count_sockets(const socket_receipts& of, std::int64_t version) noexcept;

enum class relay_state : std::uint8_t { pending, relayed, parked };

// Why no socket was given it.
enum class hindrance : std::uint8_t {
    not_relayed,           // Redis is away, or it was committed just now
    parked,                // Redis does not take it
    no_open_tab,           // nobody listened
    not_written,           // somebody listens and has not been given it yet
    session_ended,         // whoever listened was closed for it
    outbox_purged,         // long ago: neither the outbox nor the receipts tell of it any more
    receipts_aged_out,     // receipts of that time are gone
    receipts_unavailable,  // Redis cannot be asked
};
// As the API says it: no_open_tab …
std::string_view to_string(hindrance why) noexcept;
std::string_view to_string(relay_state state) noexcept;

struct event_way {
    event_record record;
    relay_state state = relay_state::pending;
    std::optional<socket_tally> sockets;  // nothing: Redis cannot be asked
    std::optional<hindrance> why_not;     // nothing: it was written
};

// `seen`: an error when Redis cannot be asked.
event_way conclude(event_record record, const result<socket_receipts>& seen);

}  // namespace stagedoor::events
