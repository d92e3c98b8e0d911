// A condition that coroutines of one shard wait for. Not thread-safe: post to the shard to notify from elsewhere.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>

#include "common/runtime/task.hpp"

namespace stagedoor::runtime {

class event {
public:
    explicit event(executor ex) : executor_{ex} {}
    event(const event&) = delete;
    event& operator=(const event&) = delete;

    // Wakes everyone who waits now. Whoever waits later waits for the next notification: test the condition first.
    void notify_all();

    // Returns at the next notification.
    task<void> wait();

    // True when notified, false when `deadline` came first.
    task<bool> wait_until(std::chrono::steady_clock::time_point deadline);

private:
    struct waiter : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
        explicit waiter(executor ex, std::chrono::steady_clock::time_point deadline) : timer{ex, deadline} {}
        steady_timer timer;
        bool notified = false;
    };

    executor executor_;
    boost::intrusive::list<waiter, boost::intrusive::constant_time_size<false>> waiters_;
};

// Sleeps on the calling coroutine's shard.
task<void> sleep_for(std::chrono::steady_clock::duration duration);
task<void> sleep_until(std::chrono::steady_clock::time_point time);

}  // namespace stagedoor::runtime
