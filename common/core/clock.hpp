// Points in time: milliseconds of Unix time in UTC, as stored everywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor {

using instant = std::chrono::sys_time<std::chrono::milliseconds>;

// By when an answer is wanted, on the monotonic clock. Travels as a parameter, so that all steps of one request share it.
using deadline_time = std::chrono::steady_clock::time_point;
inline constexpr deadline_time no_deadline = deadline_time::max();

inline instant from_unix_ms(std::int64_t ms) noexcept { return instant{std::chrono::milliseconds{ms}}; }
inline std::int64_t to_unix_ms(instant t) noexcept { return t.time_since_epoch().count(); }

inline instant system_now() noexcept {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

// RFC 3339 in UTC with milliseconds: 2026-11-23T19:57:00.123Z
std::string format_rfc3339(instant t);

// Any RFC 3339 time: with or without a fraction, in UTC or at an offset. Nothing for anything else; a leap second is the
// second after it.
std::optional<instant> parse_rfc3339(std::string_view text) noexcept;

}  // namespace stagedoor
