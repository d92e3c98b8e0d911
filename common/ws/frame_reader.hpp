// Bytes of a client in, messages out: the receiving side of RFC 6455 for a server without extensions. Pure.
//
// Works in place: an unfragmented frame that lies whole in the slice is unmasked there and shown as a view into it.
// Memory is held only while a message or a control frame is incomplete.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/http/utf8.hpp"
#include "common/ws/frame.hpp"

namespace stagedoor::ws {

class frame_reader {
public:
    // A message of more than `message_bytes` is refused with 1009.
    explicit frame_reader(std::size_t message_bytes) : message_limit_{static_cast<std::uint32_t>(message_bytes)} {}

    struct event {
        enum class kind : std::uint8_t {
            need_more,
            text,
            binary,
            ping,
            pong,
            close,   // the peer closes: `code` (1005: it gave none) and its reason in `payload`
            failed,  // the connection has to fail: `code` (1002, 1007, 1009) and why in `payload`
        };
        kind what = kind::need_more;
        std::string_view payload{};  // until the next call, or the next change of the slice
        std::uint16_t code = 0;
    };

    // Takes bytes off the front of `bytes`, which it may change, until something has happened; need_more: all are
    // taken. After close or failed nothing more is to be read.
    event next(std::span<char>& bytes);

private:
    // | state   | takes                                                       |
    // | ------- | ----------------------------------------------------------- |
    // | header  | two bytes, and then the length and the mask they announce   |
    // | payload | the frame's payload                                         |
    // | over    | nothing                                                     |
    enum class state : std::uint8_t { header, payload, over };
    enum class memory : std::uint8_t { none, message, control };

    event take_header(std::span<char>& bytes) noexcept;
    std::size_t header_size() const noexcept;
    event check_start() noexcept;
    event begin_payload() noexcept;
    event take_payload(std::span<char>& bytes);
    event finish_frame(std::string_view payload, bool whole);
    event finish_control(std::string_view payload) noexcept;
    event finish_close(std::string_view payload) noexcept;
    event fail(std::uint16_t code, std::string_view why) noexcept;
    void forget_shown() noexcept;

    bool is_final() const noexcept { return (header_[0] & 0x80) != 0; }
    opcode code() const noexcept { return static_cast<opcode>(header_[0] & 0x0f); }
    std::uint64_t announced_length() const noexcept;

    std::array<std::uint8_t, 14> header_{};
    std::uint8_t header_taken_ = 0;
    state state_ = state::header;
    memory shown_ = memory::none;  // what the last event's payload is a view of
    bool in_message_ = false;      // a data message has begun and not ended
    bool message_is_text_ = false;
    utf8_checker utf8_;
    std::uint32_t message_limit_;
    std::uint32_t frame_size_ = 0;  // of the payload
    std::uint32_t frame_taken_ = 0;
    std::string message_;  // what has come of a message
    std::string control_;  // what has come of a control frame, which may stand amid a message
};

}  // namespace stagedoor::ws
