// The vocabulary of RFC 6455's framing.
#pragma once

#include <cstddef>
#include <cstdint>

namespace stagedoor::ws {

// RFC 6455 section 5.2.
enum class opcode : std::uint8_t {
    continuation = 0x0,
    text = 0x1,
    binary = 0x2,
    close = 0x8,
    ping = 0x9,
    pong = 0xa,
};

constexpr bool is_control(opcode code) noexcept { return (static_cast<unsigned>(code) & 0x8u) != 0; }

// The payload of a control frame, at most (section 5.5).
inline constexpr std::size_t control_bytes = 125;

// Close codes of the protocol itself (section 7.4.1); those of the application are in common/core/close_code.hpp.
namespace closing {
inline constexpr std::uint16_t normal = 1000;
inline constexpr std::uint16_t going_away = 1001;
inline constexpr std::uint16_t protocol_error = 1002;
inline constexpr std::uint16_t unsupported_data = 1003;
inline constexpr std::uint16_t none_given = 1005;  // never on the wire
inline constexpr std::uint16_t lost = 1006;        // never on the wire: there was no Close
inline constexpr std::uint16_t not_utf8 = 1007;
inline constexpr std::uint16_t policy_violation = 1008;
inline constexpr std::uint16_t message_too_big = 1009;
inline constexpr std::uint16_t internal_error = 1011;
}  // namespace closing

// True for codes that a Close frame may carry: those of section 7.4.1 and its registry, 3000 to 3999 (registered) and
// 4000 to 4999 (private).
constexpr bool is_close_code(std::uint16_t code) noexcept {
    if (code >= 3000) return code <= 4999;
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}

}  // namespace stagedoor::ws
