#include "common/runtime/task_group.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <exception>
#include <utility>

namespace stagedoor::runtime {

void task_group::spawn(std::string_view name, task<void> work) {
    ++size_;
    asio::co_spawn(executor_, std::move(work), [this, name](std::exception_ptr failure) {
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                spdlog::error("task {} ended by an exception, which is a bug: {}", name, e.what());
            }
        }
        if (--size_ == 0) empty_.notify_all();
    });
}

task<bool> task_group::join(std::chrono::steady_clock::time_point deadline) {
    while (size_ > 0) {
        const bool notified = co_await empty_.wait_until(deadline);
        if (!notified) co_return size_ == 0;
    }
    co_return true;
}

}  // namespace stagedoor::runtime
