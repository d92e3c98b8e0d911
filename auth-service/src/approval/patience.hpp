// Waiting for rows to be relayed, not for ever.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "auth-service/src/approval/relay.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

// Somebody who waits for rows to be relayed, and not for longer than that: an attempt that is under way when the time
// has come may take as long again. On the relay's shard.
class patience {
public:
    patience(runtime::executor shard, std::chrono::steady_clock::time_point until, std::function<void(delivery)> done)
        : timer_{shard, until}, done_{std::move(done)} {}

    static void begin(std::shared_ptr<patience> waiting) {
        auto& timer = waiting->timer_;
        timer.async_wait([waiting = std::move(waiting)](const boost::system::error_code& cancelled) {
            if (!cancelled) waiting->tell(delivery::pending);
        });
    }

    // Once; what comes later is not heard.
    void tell(delivery what) {
        if (!done_) return;
        timer_.cancel();
        std::exchange(done_, nullptr)(what);
    }

private:
    runtime::steady_timer timer_;
    std::function<void(delivery)> done_;
};

}  // namespace stagedoor::approval
