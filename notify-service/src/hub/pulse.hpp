// When a socket is to be sent a heartbeat, and when it counts as dead: pure, on a clock of the caller's.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/core/limits.hpp"

namespace stagedoor::notify {

using steady_time = std::chrono::steady_clock::time_point;

class pulse {
public:
    enum class beat : std::uint8_t {
        none,
        due,      // write a heartbeat and a ping
        missing,  // limits::ws_pong_time has gone by without an answer to a ping
    };

    void start(steady_time first) noexcept { next_ = first; }

    // Before start(): none.
    beat tick(steady_time now, std::chrono::milliseconds interval) noexcept {
        if (pinged_ != steady_time{} && now - pinged_ >= limits::ws_pong_time) return beat::missing;
        if (next_ == steady_time{} || now < next_) return beat::none;
        next_ = now + interval;
        // An answer that is still due keeps its time: a short interval does not give a dead peer a longer life.
        if (pinged_ == steady_time{}) pinged_ = now;
        return beat::due;
    }

    void pong() noexcept { pinged_ = {}; }

private:
    steady_time next_{};
    steady_time pinged_{};
};

}  // namespace stagedoor::notify
