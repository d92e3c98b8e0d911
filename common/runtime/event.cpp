#include "common/runtime/event.hpp"

#include <boost/asio/this_coro.hpp>

namespace stagedoor::runtime {

void event::notify_all() {
    for (auto& each : waiters_) {
        each.notified = true;
        each.timer.cancel();
    }
    waiters_.clear();
}

task<void> event::wait() { co_await wait_until(std::chrono::steady_clock::time_point::max()); }

task<bool> event::wait_until(std::chrono::steady_clock::time_point deadline) {
    waiter self{executor_, deadline};
    waiters_.push_back(self);
    co_await self.timer.async_wait(as_result);
    co_return self.notified;
}

task<void> sleep_for(std::chrono::steady_clock::duration duration) {
    return sleep_until(std::chrono::steady_clock::now() + duration);
}

task<void> sleep_until(std::chrono::steady_clock::time_point time) {
    const auto ex = co_await asio::this_coro::executor;
    steady_timer timer{ex, time};
    co_await timer.async_wait(as_result);
}

}  // namespace stagedoor::runtime
