// A frame for many sockets: header and payload in one piece of memory, made once, never changed, freed by the last
// socket that has written it. The count is atomic: frames may cross shards.
#pragma once

#include <atomic>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/ws/frame.hpp"

namespace stagedoor::ws {

class frame_bytes {
public:
    // The bytes as they go over the wire.
    std::string_view view() const noexcept { return {reinterpret_cast<const char*>(this + 1), size_}; }
    std::size_t size() const noexcept { return size_; }

    frame_bytes(const frame_bytes&) = delete;
    frame_bytes& operator=(const frame_bytes&) = delete;

private:
    explicit frame_bytes(std::uint32_t size) noexcept : size_{size} {}
    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }

    friend boost::intrusive_ptr<const frame_bytes> make_frame(opcode code, std::string_view payload);
    friend boost::intrusive_ptr<const frame_bytes> make_bytes(std::string_view ready);
    static frame_bytes* allocate(std::size_t size);
    friend void intrusive_ptr_add_ref(const frame_bytes* frame) noexcept;
    friend void intrusive_ptr_release(const frame_bytes* frame) noexcept;

    mutable std::atomic<std::uint32_t> owners_{0};
    const std::uint32_t size_;
};

using shared_frame = boost::intrusive_ptr<const frame_bytes>;

// A whole message, or a control frame of at most control_bytes. Server frames carry no mask (RFC 6455 section 5.1).
shared_frame make_frame(opcode code, std::string_view payload);
inline shared_frame make_text_frame(std::string_view payload) { return make_frame(opcode::text, payload); }

// Bytes that another protocol than WebSocket has framed.
shared_frame make_bytes(std::string_view ready);

// `code` as in is_close_code, or closing::none_given for an empty payload. The reason is cut to
// limits::ws_reason_bytes, at a character.
shared_frame make_close_frame(std::uint16_t code, std::string_view reason);

}  // namespace stagedoor::ws
