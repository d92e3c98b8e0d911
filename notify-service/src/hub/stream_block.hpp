// The text of an event stream: blocks of fields, as the HTML standard has it (section 9.2.6), and the chunks of HTTP/1.1
// that carry them (RFC 9112 section 7.1). Pure.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::notify {

// What an event stream says beside a CloudEvents object; WebSocket has no place for it.
struct stream_fields {
    std::string_view id{};                             // what `Last-Event-ID` will be; empty: as it was
    std::optional<std::chrono::milliseconds> retry{};  // how long the client waits before it comes back
};

// One event of the stream, of the default type `message`: clients tell frames apart by their `type`, as on a WebSocket,
// and miss none that they have not heard of. `json` stays one line: line ends in it can only be white space.
std::string make_block(std::string_view json, const stream_fields& beside);

// Tells the client how long to wait before it comes back, and nothing else.
std::string make_retry(std::chrono::milliseconds retry);

std::string make_chunk(std::string_view bytes);  // not empty
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace stagedoor::notify
