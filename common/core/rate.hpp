// So many per so long, as operators write it: `10/15m`. The whole number may come at once; then they come back one by one.
#pragma once

#include <chrono>
#include <cstdint>

namespace stagedoor {

struct rate {
    std::uint32_t count = 0;  // 0: no limit
    std::chrono::milliseconds period{};

    bool limits() const noexcept { return count > 0; }
    // How long it takes until one comes back; at least 1 µs, since nobody may set more than a million a second.
    std::chrono::microseconds interval() const noexcept { return std::chrono::microseconds{period} / count; }

    friend bool operator==(const rate&, const rate&) = default;
};

}  // namespace stagedoor
