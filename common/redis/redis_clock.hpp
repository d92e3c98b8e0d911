// Redis' clock as a node knows it (T5): learned from TIME, carried on by the monotonic clock in between. Pure.
#pragma once

#include <chrono>

#include "common/core/clock.hpp"

namespace stagedoor::redis {

class redis_clock {
public:
    using steady_point = std::chrono::steady_clock::time_point;

    // Until the first reply, the node's own clock has to do.
    redis_clock() : redis_clock{system_now(), std::chrono::steady_clock::now()} {}
    redis_clock(instant system, steady_point now) : base_{system - since_start(now)} {}

    // TIME was asked at `asked` and its reply, `told`, read at `answered`: it was that time about halfway.
    void learn(instant told, steady_point asked, steady_point answered) {
        base_ = told - since_start(asked + (answered - asked) / 2);
        known_ = true;
    }

    instant at(steady_point now) const { return base_ + since_start(now); }
    bool known() const noexcept { return known_; }

private:
    static std::chrono::milliseconds since_start(steady_point now) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch());
    }

    instant base_;
    bool known_ = false;
};

}  // namespace stagedoor::redis
