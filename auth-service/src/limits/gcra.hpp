// The generic cell rate algorithm (ITU-T I.371), which keeps one number per limit: the debt, the time until all that was
// used has come back. Each use costs one interval; there is room while the debt stays within the period. Pure, and the
// same as common/redis/scripts/rate_limit.lua.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/core/rate.hpp"

namespace stagedoor::rate_limit {

using debt = std::chrono::microseconds;

enum class step : std::uint8_t {
    look,    // is there room for one? Nothing is used
    take,    // uses one if there is room
    charge,  // uses one in any case: what came after a look, when more were under way than there was room for
    give_back,  // one that was taken, and need not have been
};

struct decision {
    bool allowed = false;  // there was room, before this step
    debt owed{};           // after it
};

// Nobody owes more than this many periods: with charges one could be kept out for ever.
inline constexpr int most_periods_owed = 10;

// `owed`: before the step, not below 0.
decision decide(const rate& limit, debt owed, step how) noexcept;

// What is told to clients, after a decision.
struct quota {
    std::uint32_t remaining = 0;
    std::chrono::seconds reset{};        // until all is there again, rounded up
    std::chrono::seconds retry_after{};  // until there is room for one, rounded up; 0 when there is
};
quota quota_of(const rate& limit, debt owed) noexcept;

}  // namespace stagedoor::rate_limit
