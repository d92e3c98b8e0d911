// Owns the coroutines of one shard: names them, logs how they ended, counts them and lets shutdown wait for them.
// Belongs to one shard's thread; only `spawn` before the shard runs may come from another.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <string_view>

#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::runtime {

class task_group {
public:
    explicit task_group(executor ex) : executor_{ex}, empty_{ex} {}
    task_group(const task_group&) = delete;
    task_group& operator=(const task_group&) = delete;

    // Starts `work` on the shard. `name` has static lifetime and appears in the log if the task throws.
    void spawn(std::string_view name, task<void> work);

    std::size_t size() const noexcept { return size_; }

    // Waits until no task is left or `deadline` has passed; false in the second case.
    task<bool> join(std::chrono::steady_clock::time_point deadline);

private:
    executor executor_;
    event empty_;
    std::size_t size_ = 0;
};

}  // namespace stagedoor::runtime
