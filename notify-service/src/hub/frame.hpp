// What is written to sockets: bytes that are made once, shared by all that they go to, and never changed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/core/uuid.hpp"
#include "common/ws/shared_frame.hpp"
#include "notify-service/src/hub/stream_block.hpp"

namespace stagedoor::notify {

using frame = ws::shared_frame;

// How a transport puts one CloudEvents object on its connection. `event_stream`: a block of fields, as the HTML standard
// has it (section 9.2.6), in a body that ends with the connection; chunked: each block a chunk of HTTP/1.1.
enum class encoding : std::uint8_t { websocket, event_stream, chunked_event_stream };
inline constexpr std::size_t encodings = 3;

// `json`: one CloudEvents object.
frame encode(encoding how, std::string_view json, const stream_fields& beside = {});

// `json`: one event, whose cursor is also given beside it.
frame encode_event(encoding how, std::string_view json, std::string_view cursor);

// The same frame in every encoding.
using frame_set = std::array<frame, encodings>;
frame_set encode_in_all(std::string_view json);
inline const frame& frame_in(const frame_set& made, encoding how) noexcept { return made[static_cast<std::size_t>(how)]; }

// One event of a user, on its way to the user's sockets: encoded once for each kind of transport that listens, not once
// for each socket. `json` outlives it.
class outgoing_event {
public:
    outgoing_event(const user_id& user, std::int64_t version, std::string_view json) noexcept
        : user_{user}, version_{version}, json_{json} {}

    std::int64_t version() const noexcept { return version_; }

    const frame& as(encoding how) {
        auto& made = made_[static_cast<std::size_t>(how)];
        if (!made) made = make(how);
        return made;
    }

private:
    frame make(encoding how) const;

    const user_id& user_;
    const std::int64_t version_;
    const std::string_view json_;
    frame_set made_;
};

}  // namespace stagedoor::notify
