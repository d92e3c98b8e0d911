// The pool for heavy work: its bounds, the classes of its threads, and that work goes on where workers stand still.
#include "common/runtime/cpu_pool.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <functional>
#include <future>
#include <thread>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace stagedoor;
using namespace stagedoor::runtime;
using namespace std::chrono_literals;
using stagedoor::tests::run_task;
using crew = cpu_pool::crew;
using turn = cpu_pool::turn;

namespace {

class told_job final : public cpu_pool::job {
public:
    told_job(std::function<void(crew)> work, std::function<void(turn, crew)> finish)
        : work_{std::move(work)}, finish_{std::move(finish)} {}
    void work(crew by) noexcept override { work_(by); }
    void finish(turn its, crew by) noexcept override { finish_(its, by); }

private:
    std::function<void(crew)> work_;
    std::function<void(turn, crew)> finish_;
};

std::shared_ptr<cpu_pool::job> job_of(
    std::function<void(crew)> work, std::function<void(turn, crew)> finish = [](turn, crew) {}) {
    return std::make_shared<told_job>(std::move(work), std::move(finish));
}

std::shared_ptr<cpu_pool::job> nothing() { return job_of([](crew) {}); }

// A job in which a worker stands still until it is released; a relief goes through. Declared after the pool, which waits
// for its workers.
class standstill {
public:
    ~standstill() { release(); }

    std::function<void(crew)> work() {
        return [state = state_](crew by) {
            if (by == crew::relief) return;
            state->begun = true;
            state->begun.notify_all();
            state->released.wait(false);
        };
    }
    void wait_until_begun() const { state_->begun.wait(false); }
    void release() {
        state_->released = true;
        state_->released.notify_all();
    }

private:
    struct shared {
        std::atomic<bool> begun{false}, released{false};
    };
    std::shared_ptr<shared> state_ = std::make_shared<shared>();
};

task<bool> pool_resumes_here(cpu_pool& pool) {
    const auto here = std::this_thread::get_id();
    const auto there = co_await pool.run([] { return std::this_thread::get_id(); });
    co_return there && *there != here && std::this_thread::get_id() == here;
}

task<result<int>> run_on(cpu_pool& pool) {
    auto answer = co_await pool.run([] { return 1; });
    co_return answer;
}

struct thread_class {
    int policy = 0, niceness = 0;
    bool operator==(const thread_class&) const = default;
};
thread_class own_class() {
    return {sched_getscheduler(0), getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()))};
}
thread_class class_on(cpu_pool& pool) {
    return *run_task([&](executor) { return pool.run(own_class); });
}

// Every core of the machine is busy with work of the usual class while it lives.
class full_machine {
public:
    full_machine() {
        for (int core = 0; core < static_cast<int>(std::thread::hardware_concurrency()); ++core) {
            threads_.emplace_back([this, core] {
                cpu_set_t only{};
                CPU_SET(core, &only);
                ::sched_setaffinity(0, sizeof only, &only);
                while (!ending_.load(std::memory_order_relaxed)) {
                }
            });
        }
    }
    ~full_machine() {
        ending_ = true;
        for (auto& each : threads_) each.join();
    }
    full_machine(const full_machine&) = delete;
    full_machine& operator=(const full_machine&) = delete;

private:
    std::atomic<bool> ending_{false};
    std::vector<std::thread> threads_;
};

}  // namespace

TEST_CASE("work on the pool resumes on the caller's thread") {
    cpu_pool pool{1, 4};
    CHECK(run_task([&](executor) { return pool_resumes_here(pool); }));
}

TEST_CASE("a full pool refuses rather than queues") {
    cpu_pool pool{1, 1};
    standstill still;
    REQUIRE(pool.submit(job_of(still.work())));
    still.wait_until_begun();
    CHECK_FALSE(pool.full());
    REQUIRE(pool.submit(nothing()));
    CHECK(pool.full());
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
    still.release();
}

TEST_CASE("a pool that stops finishes what runs and turns away what waits") {
    std::vector<turn> told;
    cpu_pool pool{1, 8};
    standstill still;
    const auto tell = [&](turn its, crew) { told.push_back(its); };
    REQUIRE(pool.submit(job_of(still.work(), tell)));
    still.wait_until_begun();
    for (int i = 0; i < 3; ++i) REQUIRE(pool.submit(job_of([](crew) {}, tell)));
    std::thread releasing{[&] {
        while (pool.waiting() != 0) std::this_thread::yield();
        still.release();
    }};
    pool.stop();
    releasing.join();
    CHECK(told == std::vector{turn::came, turn::stopped, turn::stopped, turn::stopped});
    CHECK_FALSE(pool.submit(nothing()));
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
}

TEST_CASE("a pool says how long what waits will take") {
    cpu_pool pool{1, 8};
    standstill still;
    CHECK(pool.backlog() == 0ms);
    REQUIRE(pool.submit(job_of([](crew) { std::this_thread::sleep_for(20ms); })));
    REQUIRE(pool.submit(job_of(still.work())));
    still.wait_until_begun();
    CHECK(pool.backlog() == 0ms);
    for (int i = 0; i < 4; ++i) REQUIRE(pool.submit(nothing()));
    CHECK(pool.backlog() >= 80ms);
    still.release();
}

TEST_CASE("who has waited for too long is turned away, also while no thread of the pool gets anywhere") {
    cpu_pool pool{1, 8, {.longest_wait = 100ms}};
    standstill still;
    REQUIRE(pool.submit(job_of(still.work())));
    still.wait_until_begun();
    // The worker is not released before all three are answered.
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
    std::promise<turn> told;
    const auto asked = std::chrono::steady_clock::now();
    REQUIRE(pool.submit(job_of([](crew) {}, [&](turn its, crew) { told.set_value(its); })));
    CHECK(told.get_future().get() == turn::too_late);
    CHECK(std::chrono::steady_clock::now() - asked >= 100ms);
    CHECK(pool.waiting() == 0);
    still.release();
    // And goes on: one whose turn comes in time is done.
    result<int> done{errc::overloaded};
    while (!done) done = run_task([&](executor) { return run_on(pool); });
    CHECK(*done == 1);
}

TEST_CASE("what would wait for too long, judged by the jobs of late, is not taken") {
    cpu_pool pool{1, 8, {.longest_wait = 1s}};
    standstill still;
    REQUIRE(pool.submit(job_of([](crew) { std::this_thread::sleep_for(400ms); })));
    REQUIRE(pool.submit(job_of(still.work())));
    still.wait_until_begun();
    int taken = 0;
    while (!pool.full() && taken < 8) taken += pool.submit(nothing());
    // Of 0.4 s each at least: the fourth would wait for more than a second, on a busy machine one before it.
    CHECK(taken >= 1);
    CHECK(taken <= 3);
    CHECK_FALSE(pool.submit(nothing()));
    still.release();
}

TEST_CASE("a worker gives way to everybody once it has its memory, its relief to most, and nobody else does") {
    cpu_pool pool{1, 4, {.relief_after = 20ms, .relief_niceness = 5}};
    standstill still;
    const auto own = own_class();
    // Its first job gets it the memory.
    thread_class second;
    std::uint64_t others = 0;
    do {
        others = pool.relieved();
        second = class_on(pool), second = class_on(pool);
    } while (pool.relieved() != others);  // the machine was so busy that the relief did one
    CHECK(second == thread_class{SCHED_IDLE, own.niceness + 5});
    REQUIRE(pool.submit(job_of(still.work())));
    CHECK(class_on(pool) == thread_class{SCHED_BATCH, own.niceness + 5});
    CHECK(own_class() == own);
}

TEST_CASE("a worker is made to yield while it works, and its system calls go on") {
    cpu_pool pool{1, 4};
    // nanosleep(2) is ended by every signal, whatever its handler wants; read(2) is begun again.
    const auto sleep_is_cut_short = [] {
        const timespec for_long{10, 0};
        return ::nanosleep(&for_long, nullptr) == -1 && errno == EINTR;
    };
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    std::promise<bool> slept, received;
    const auto work = [&](crew) {
        slept.set_value(sleep_is_cut_short());
        char byte = 0;
        received.set_value(::read(ends[0], &byte, 1) == 1);
    };
    REQUIRE(pool.submit(job_of(work)));
    CHECK(slept.get_future().get());
    std::this_thread::sleep_for(5ms);
    REQUIRE(::write(ends[1], "x", 1) == 1);
    CHECK(received.get_future().get());
    pool.stop();
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST_CASE("the relief does nothing while workers do their jobs in time") {
    cpu_pool pool{2, 64};
    std::atomic<int> by_worker = 0, answered = 0;
    for (int i = 0; i < 40; ++i) {
        REQUIRE(pool.submit(job_of([&](crew by) { by_worker += by == crew::worker; }, [&](turn its, crew) {
            answered += its == turn::came;
            answered.notify_all();
        })));
    }
    for (int seen = answered; seen < 40; seen = answered) answered.wait(seen);
    CHECK(by_worker == 40);
    CHECK(pool.relieved() == 0);
}

TEST_CASE("a job whose worker stands still is done by the relief, and answered once") {
    std::atomic<int> answers = 0;
    std::promise<crew> told;
    cpu_pool pool{1, 8, {.relief_after = 20ms}};
    standstill still;
    REQUIRE(pool.submit(job_of(still.work(), [&](turn, crew by) {
        if (++answers == 1) told.set_value(by);
    })));
    CHECK(told.get_future().get() == crew::relief);
    // It does what waits, too, for as long as the worker is away.
    for (int i = 0; i < 3; ++i) {
        const auto done = run_task([&](executor) { return run_on(pool); });
        CHECK(*done == 1);
    }
    CHECK(pool.relieved() == 4);
    still.release();
    pool.stop();
    CHECK(answers == 1);
}

TEST_CASE("a worker that is back works again") {
    cpu_pool pool{1, 8, {.relief_after = 20ms}};
    {
        standstill still;
        std::promise<void> told;
        REQUIRE(pool.submit(job_of(still.work(), [&](turn, crew) { told.set_value(); })));
        told.get_future().get();
    }
    std::uint64_t before = 0;
    do {  // until it is heard of
        before = pool.relieved();
        run_task([&](executor) { return run_on(pool); });
    } while (pool.relieved() != before);
    SUCCEED("a job was done by the worker");
}

TEST_CASE("a pool that stops does not wait for a worker that stands still") {
    std::vector<turn> told;
    cpu_pool pool{1, 8, {.relief_after = 20ms}};
    standstill still;  // to the end of the test
    REQUIRE(pool.submit(job_of(still.work(), [&](turn its, crew) { told.push_back(its); })));
    still.wait_until_begun();
    pool.stop();
    CHECK(told == std::vector{turn::came});
}

TEST_CASE("on a machine that others fill, work goes on") {
    const full_machine others;
    cpu_pool pool{2, 64, {.relief_after = 20ms, .relief_niceness = 5}};
    // Longer than the relief's time, on 3 parts of 1,027 of a core.
    const auto some_work = [](crew) {
        const auto spent = [] {
            timespec used{};
            ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
            return std::chrono::seconds{used.tv_sec} + std::chrono::nanoseconds{used.tv_nsec};
        };
        for (const auto before = spent(); spent() - before < 5ms;) {
        }
    };
    std::atomic<int> came = 0;
    constexpr int jobs = 30;
    for (int i = 0; i < jobs; ++i) {
        REQUIRE(pool.submit(job_of(some_work, [&](turn its, crew) {
            came += its == turn::came;
            came.notify_all();
        })));
    }
    for (int seen = came; seen < jobs; seen = came) came.wait(seen);
    CHECK(came == jobs);
    // Each worker does its first job before it gives way, and perhaps a few more; without the relief it would do all.
    CHECK(pool.relieved() > jobs / 2);
}
