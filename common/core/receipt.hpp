// What became of a user's events at one socket (N9): one line of text beside the user's stream, written by
// notify-service, read by auth-service. Pure.
//
// A socket is given an unbroken run of events, so the set of pairs (version, socket) is one run for each socket. That
// makes a line cheap, and an event that is replayed to the same socket counts once without being looked for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"

namespace stagedoor {

struct receipt {
    bool open = true;           // as of its node's last word
    bool acknowledges = true;   // false: its client has no way to say what it has taken in (SSE)
    std::int64_t after = 0;     // it began behind this version: what is older is not its business
    std::int64_t written = 0;   // the newest it was given; `after` before the first
    std::int64_t acknowledged = 0;  // the newest its client has taken in; `after` before the first
    instant at;                 // of this word, by Redis' time
    std::int64_t ended = 0;     // the version that ended its session, for which it was closed; 0: none did

    friend bool operator==(const receipt&, const receipt&) = default;
};

// The name of a socket, `<node>.<shard>.<n>`: never the same twice, also across restarts. A client that comes back is
// another socket.
std::string socket_name(std::string_view node, std::size_t shard, std::uint64_t n);
// Whose word it is that the socket is open: `<node>.<shard>`. Empty when `socket` is no such name.
std::string_view holder_of(std::string_view socket) noexcept;

// The member of the receipts that is no socket: until when, in milliseconds, lines may have been dropped for being too
// many. What was written before then may have been to more sockets than there are lines.
inline constexpr std::string_view receipts_horizon = "-";

// `<o|c> <w|s> <after> <written> <acknowledged> <at ms>`: open or closed, WebSocket or SSE. One that a change has closed:
// `e <w|s> <after> <written> <acknowledged> <ended> <at ms>`.
void append_receipt(std::string& out, const receipt& what);
std::string format_receipt(const receipt& what);
// Nothing when `text` is no receipt.
std::optional<receipt> parse_receipt(std::string_view text) noexcept;

}  // namespace stagedoor
