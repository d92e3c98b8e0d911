// The fence (R6): what a Redis says of its own data, in one key. Whose data is this, how far does it reach, since when?
// Pure; auth-service writes it, both services read it.
//
// A server process has a run id, its data has a life: it begins with a replay, and ends when the process does, or when
// the key is gone. Data that came back from an older copy bears the fence of that time, with the run id of a process
// that is no more; data that was wiped bears none. So a fence is good or the data is missing something.
//
//   step     the relay is doing                                             walked           leaves to
//   forget   drops session records: the outbox cannot say what they lack    SCAN's position  bury
//   bury     puts tombstones for sessions that have ended                   last session id  send
//   send     sends the rows after the cursor, which moves on with them                       fed
//   fed      nothing is missing                                                              (another life)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"

namespace stagedoor {

enum class fence_step : std::uint8_t { forget, bury, send, fed };

std::string_view to_string(fence_step step) noexcept;

struct fence {
    std::string run_id;       // of the server process, as INFO tells it
    std::string life;         // random: names this life of the data
    std::int64_t feed = 0;    // which count of the database's relay_state this life is
    instant since;            // Redis' time when this life began: what the data says of use before it may be outdated
    fence_step step = fence_step::fed;
    std::string walked;       // within a step of the replay
    std::int64_t cursor = 0;  // every row of the outbox up to this id is in the data
    std::string event;        // the event of that row, to see whether the database still means the same by it

    friend bool operator==(const fence&, const fence&) = default;
};

// `f1 <run id> <life> <feed> <since ms> <step> <walked|-> <cursor> <event|->`: one space between, nothing is empty.
std::string format_fence(const fence& what);
// Nothing when `text` is no fence: as good as none.
std::optional<fence> parse_fence(std::string_view text);

// The data of the process `run_id` is whole.
inline bool is_good(const std::optional<fence>& seen, std::string_view run_id) noexcept {
    return seen && seen->step == fence_step::fed && !run_id.empty() && seen->run_id == run_id;
}

// Between two looks at the fence nothing was lost.
inline bool same_life(const fence& a, const fence& b) noexcept { return a.run_id == b.run_id && a.life == b.life; }

}  // namespace stagedoor
