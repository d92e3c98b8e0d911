// How many messages a client may send: limits::ws_messages_per_minute, counted in windows of a minute.
#pragma once

#include <chrono>
#include <cstdint>

#include "common/core/limits.hpp"

namespace stagedoor::notify {

class message_rate {
public:
    // False when the message is one too many.
    bool admit(std::chrono::steady_clock::time_point now) noexcept {
        if (now - window_ >= std::chrono::minutes{1}) {
            window_ = now;
            count_ = 0;
        }
        return ++count_ <= limits::ws_messages_per_minute;
    }

private:
    std::chrono::steady_clock::time_point window_{};
    std::uint32_t count_ = 0;
};

}  // namespace stagedoor::notify
