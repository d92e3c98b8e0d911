// Threads for work that would hold up a shard (password hashing), behind a queue that refuses rather than grows, and in
// which nobody waits for longer than a bound.
#pragma once

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
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
    // 1 <= threads; at most `queue` jobs wait at any time. `niceness`: above 0 its threads are batch work
    // (thread_class.hpp). A job whose turn has not come within `longest_wait` is turned away then, however starved the
    // threads are; and one whose turn would come later, judged by the jobs of late, is refused at once.
    cpu_pool(std::size_t threads, std::size_t queue, int niceness = 0,
             std::chrono::milliseconds longest_wait = std::chrono::hours{1});
    ~cpu_pool();
    cpu_pool(const cpu_pool&) = delete;
    cpu_pool& operator=(const cpu_pool&) = delete;

    enum class turn {
        came,      // on a thread of the pool: time to work
        too_late,  // it had waited for too long
        stopped,   // stop() was first
    };
    // Called once.
    using job = std::function<void(turn)>;

    // False when the queue is full, would take too long, or the pool has stopped; the job is then not called.
    bool submit(job next);

    // Finishes what runs, joins the threads, and turns away what waits. Before the shards that wait are destroyed.
    void stop();

    std::size_t waiting() const;

    // Whether a job submitted now would be refused: whoever has to do something before that may spare it.
    bool full() const;

    // How long what waits now will take, judged by the jobs of late; 0 before the first.
    std::chrono::milliseconds backlog() const;

    // Runs `work()` on the pool and resumes on the caller's shard. errc::overloaded when the queue is full or the turn does
    // not come in time, errc::shutting_down when the pool stops first.
    template <class Work>
    task<result<std::invoke_result_t<Work>>> run(Work work);

private:
    using clock = std::chrono::steady_clock;

    struct waiting_job {
        job call;
        clock::time_point latest;
    };

    void loop(int niceness);
    void turn_away_the_late();
    bool refuses(std::size_t waiting) const noexcept;
    std::chrono::milliseconds time_for(std::size_t waiting) const noexcept;
    void note_duration(std::chrono::microseconds duration) noexcept;

    const std::size_t capacity_;
    const std::size_t thread_count_;
    const std::chrono::milliseconds longest_wait_;
    std::atomic<std::int64_t> usual_us_{0};  // a moving average over some 16 jobs
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::condition_variable wake_usher_;  // when there is a first who waits
    std::deque<waiting_job> jobs_;        // in the order of `latest`
    bool closed_ = false;
    std::vector<std::thread> threads_;
    std::thread usher_;  // turns away who has waited for too long: the others may be starved
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
        const bool taken = submit([shared, work = std::move(work)](turn its) mutable {
            if (its == turn::came) {
                (*shared)(value{work()});
            } else {
                (*shared)(value{its == turn::stopped ? errc::shutting_down : errc::overloaded});
            }
        });
        if (!taken) (*shared)(value{errc::overloaded});
    };
    co_return co_await async_from_thread<value>(std::move(start));
}

}  // namespace stagedoor::runtime
