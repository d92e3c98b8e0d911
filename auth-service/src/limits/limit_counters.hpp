// What the limits have done, for the metrics. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "auth-service/src/limits/limit_kind.hpp"

namespace stagedoor::rate_limit {

struct limit_counters {
    std::array<std::atomic<std::uint64_t>, kinds.size()> refused{};  // requests, by kind
    std::atomic<std::uint64_t> local{0};                             // decisions made without Redis

    void refuse(kind what) noexcept { refused[static_cast<std::size_t>(what)].fetch_add(1, std::memory_order_relaxed); }
};

}  // namespace stagedoor::rate_limit
