// Threads for work that would hold up a shard (password hashing), behind a queue that refuses rather than grows.
#pragma once

#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <vector>

#include "common/core/errc.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::runtime {

class cpu_pool {
public:
    // 1 <= threads; at most `queue` jobs wait at any time.
    cpu_pool(std::size_t threads, std::size_t queue);
    ~cpu_pool();
    cpu_pool(const cpu_pool&) = delete;
    cpu_pool& operator=(const cpu_pool&) = delete;

    // False when the queue is full or the pool is closed; `job` is then dropped.
    bool submit(std::function<void()> job);

    std::size_t waiting() const;

    // Runs `work()` on the pool and resumes on the caller's shard. errc::overloaded when the queue is full.
    template <class Work>
    task<result<std::invoke_result_t<Work>>> run(Work work);

private:
    void loop();

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<std::function<void()>> jobs_;
    bool closed_ = false;
    std::vector<std::thread> threads_;
};

// Calls `start(done)`, where `done(value)` may be called once from any thread, and resumes on the caller's shard.
template <class Value, class Start>
task<Value> async_from_thread(Start start) {
    const executor ex = co_await asio::this_coro::executor;
    auto initiate = [ex, start = std::move(start)](auto handler) mutable {
        // std::function wants copyable; a coroutine's handler is not.
        auto shared = std::make_shared<decltype(handler)>(std::move(handler));
        asio::executor_work_guard<executor> work{ex};
        start([ex, shared = std::move(shared), work = std::move(work)](Value value) mutable {
            asio::post(ex, [shared = std::move(shared), value = std::move(value)]() mutable {
                (*shared)(std::move(value));
            });
        });
    };
    co_return co_await asio::async_initiate<const asio::use_awaitable_t<executor>, void(Value)>(std::move(initiate),
                                                                                              use_task);
}

template <class Work>
task<result<std::invoke_result_t<Work>>> cpu_pool::run(Work work) {
    using value = result<std::invoke_result_t<Work>>;
    auto start = [this, work = std::move(work)](auto done) mutable {
        auto shared = std::make_shared<decltype(done)>(std::move(done));
        const bool taken = submit([shared, work = std::move(work)]() mutable { (*shared)(value{work()}); });
        if (!taken) (*shared)(value{errc::overloaded});
    };
    co_return co_await async_from_thread<value>(std::move(start));
}

}  // namespace stagedoor::runtime
