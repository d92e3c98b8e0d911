// Bounds of the relay's work beside those of common/core/limits.hpp, each with its reason.
#pragma once

#include <cstddef>

namespace stagedoor::limits {

inline constexpr std::size_t relay_call = 32;      // events in one call of a script: half a millisecond of Redis' time
inline constexpr std::size_t relay_round = 768;    // submitted rows sent at once: fits into redis_pending_bytes
inline constexpr std::size_t relay_marks = 1'024;  // rows marked by one job: some 3 ms of the writer
inline constexpr std::size_t relay_catch_up = 64;  // streams that are mended together, with stream_entries events each

}  // namespace stagedoor::limits
