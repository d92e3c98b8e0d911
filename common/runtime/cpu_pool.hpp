// Threads for work that would hold up a shard (password hashing), behind a queue that refuses rather than grows, and in
// which nobody waits for longer than a bound.
//
// Three kinds of thread (ADR 15 says why):
//   worker   class idle, gives way to everybody. Computes and does nothing else: it takes no lock, and what it computed
//            is handed on by the usher, for on a full machine it may stand still for a second anywhere in its code
//   relief   one for each worker, class batch. Sleeps, until its worker has had a job for `relief_after`: then it does
//            that job itself, and goes on with the queue, with rests, until the worker is back
//   usher    gives jobs to workers, finishes what they have done, turns away who has waited for too long, calls the relief
#pragma once

#include <array>
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
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include "common/core/errc.hpp"
#include "common/runtime/semaphore.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::runtime {

class cpu_pool {
public:
    struct bounds {
        // A job whose turn has not come by then is turned away, however starved the threads are; and one whose turn would
        // come later, judged by the jobs of late, is refused at once.
        std::chrono::milliseconds longest_wait = std::chrono::hours{1};
        // How long a worker may have a job before its relief does it.
        std::chrono::milliseconds relief_after = std::chrono::hours{1};
        // Of the relief, above the process's own (thread_class.hpp).
        int relief_niceness = 0;
    };

    // 1 <= threads: workers, and as many to relieve them; at most `queue` jobs wait at any time.
    cpu_pool(std::size_t threads, std::size_t queue, bounds wanted);
    cpu_pool(std::size_t threads, std::size_t queue) : cpu_pool{threads, queue, bounds{}} {}
    ~cpu_pool();
    cpu_pool(const cpu_pool&) = delete;
    cpu_pool& operator=(const cpu_pool&) = delete;

    enum class turn {
        came,      // the work was done
        too_late,  // it had waited for too long
        stopped,   // stop() was first
    };
    enum class crew : std::uint8_t { worker, relief };

    class job {
    public:
        virtual ~job() = default;
        // At most once by each crew, perhaps by both at once. Takes no lock, allocates nothing that another thread frees
        // and frees nothing that another has allocated: a worker may stand still within it.
        virtual void work(crew by) noexcept = 0;
        // Once, never on a worker. `by`: whose work counts, if its turn came.
        virtual void finish(turn its, crew by) noexcept = 0;

    private:
        friend cpu_pool;
        bool answered_ = false;
    };

    // False when the queue is full, would take too long, or the pool has stopped; the job is then not called.
    bool submit(std::shared_ptr<job> next);

    // Finishes what runs, by the relief where a worker stands still, turns away what waits, and joins the threads. A worker
    // that does not come to its end within `relief_after` is left behind, with nothing but its job. Before the shards that
    // wait are destroyed.
    void stop();

    std::size_t waiting() const;

    // Whether a job submitted now would be refused: whoever has to do something before that may spare it.
    bool full() const;

    // How long what waits now will take, judged by the jobs of late; 0 before the first.
    std::chrono::milliseconds backlog() const;

    // Jobs that the relief has done, ever.
    std::uint64_t relieved() const noexcept { return relieved_.load(std::memory_order_relaxed); }

    // Runs `work()` on the pool and resumes on the caller's shard. errc::overloaded when the queue is full or the turn does
    // not come in time, errc::shutting_down when the pool stops first. `work` is as job::work says, and const: it may be
    // called by two threads at once; the first result counts.
    template <class Work>
    task<result<std::invoke_result_t<const Work&>>> run(Work work);

private:
    using clock = std::chrono::steady_clock;

    struct waiting_job {
        std::shared_ptr<job> what;
        clock::time_point latest;
    };
    struct answer {
        std::shared_ptr<job> what;
        turn its;
        crew by;
    };
    // A worker's place.
    struct seat {
        // Between the worker and the usher, without a lock.
        semaphore given;                  // look at `work`
        std::atomic<job*> work{nullptr};  // null: go home
        std::atomic<bool> done{false};
        std::atomic<bool> gone{false};
        // The pool's, under its mutex.
        std::shared_ptr<job> current;  // null: the worker is free
        clock::time_point since;
        bool stuck = false;  // the relief is called

        bool unanswered() const noexcept { return current && !current->answered_; }
    };
    // Shared with workers that are left behind.
    struct desk {
        explicit desk(std::size_t count) : seats(count) {}
        semaphore bell;  // for the usher
        std::vector<seat> seats;
    };

    static void work_at(std::shared_ptr<desk> whose, seat& own, int niceness);
    void relieve(seat& whose);
    void usher();

    // The mutex is held.
    void collect_done(clock::time_point now, std::vector<answer>& told);
    void turn_away_the_late(clock::time_point now, std::vector<answer>& told);
    void seat_the_waiting(clock::time_point now);
    void call_relief(clock::time_point now);
    clock::time_point next_deadline() const;
    bool all_answered() const;
    bool refuses(std::size_t waiting) const noexcept;

    std::chrono::milliseconds time_for(std::size_t waiting) const noexcept;
    void note_duration(clock::duration taken) noexcept;

    const std::size_t capacity_;
    const bounds bounds_;
    const std::shared_ptr<desk> desk_;
    std::atomic<std::int64_t> usual_us_{0};  // a moving average over some 16 jobs
    std::atomic<std::uint64_t> relieved_{0};
    mutable std::mutex mutex_;  // never taken by a worker
    std::condition_variable wake_relief_;
    std::deque<waiting_job> jobs_;  // in the order of `latest`
    bool closed_ = false;
    std::vector<std::thread> workers_;
    std::vector<std::thread> reliefs_;
    std::thread usher_;
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

namespace impl {

template <class Work, class Done>
class pool_job final : public cpu_pool::job {
public:
    pool_job(Work what, Done done) : work_{std::move(what)}, done_{std::move(done)} {}

    void work(cpu_pool::crew by) noexcept override { made_[index(by)].emplace(std::as_const(work_)()); }

    void finish(cpu_pool::turn its, cpu_pool::crew by) noexcept override {
        if (its == cpu_pool::turn::came) {
            tell(std::move(*made_[index(by)]));
        } else {
            tell(its == cpu_pool::turn::stopped ? errc::shutting_down : errc::overloaded);
        }
    }

    // Whoever waits is let go, though a worker may have this for a while yet.
    void tell(result<std::invoke_result_t<const Work&>> value) {
        auto done = std::move(*done_);
        done_.reset();
        done(std::move(value));
    }

private:
    static std::size_t index(cpu_pool::crew of) noexcept { return static_cast<std::size_t>(of); }

    Work work_;
    std::optional<Done> done_;
    std::array<std::optional<std::invoke_result_t<const Work&>>, 2> made_;  // by crew
};

}  // namespace impl

template <class Work>
task<result<std::invoke_result_t<const Work&>>> cpu_pool::run(Work work) {
    using value = result<std::invoke_result_t<const Work&>>;
    auto start = [this, work = std::move(work)](auto done) mutable {
        auto next = std::make_shared<impl::pool_job<Work, decltype(done)>>(std::move(work), std::move(done));
        if (!submit(next)) next->tell(errc::overloaded);
    };
    co_return co_await async_from_thread<value>(std::move(start));
}

}  // namespace stagedoor::runtime
