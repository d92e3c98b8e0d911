#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include "tests/support/catch.hpp"
#include <stdexcept>
#include <thread>
#include <vector>

#include "common/runtime/cpu_pool.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/task_group.hpp"
#include "tests/support/run_task.hpp"

using namespace stagedoor;
using namespace stagedoor::runtime;
using namespace std::chrono_literals;
using stagedoor::tests::run_task;

namespace {

constexpr auto far = 30s;  // never reached unless a test fails

task<void> wait_and_count(event& bell, int& count) {
    co_await bell.wait();
    ++count;
}

task<int> three_waiters_one_bell(executor ex) {
    task_group group{ex};
    event bell{ex};
    int count = 0;
    for (int i = 0; i < 3; ++i) group.spawn("waiter", wait_and_count(bell, count));
    co_await asio::post(ex, use_task);
    bell.notify_all();
    co_await group.join(std::chrono::steady_clock::now() + far);
    co_return count;
}

task<bool> wait_without_bell(executor ex) {
    event bell{ex};
    const bool notified = co_await bell.wait_until(std::chrono::steady_clock::now() + 5ms);
    co_return notified;
}

task<void> throwing() {
    throw std::runtime_error{"on purpose"};
    co_return;
}

task<std::size_t> group_after_a_throw(executor ex) {
    task_group group{ex};
    group.spawn("throwing", throwing());
    co_await group.join(std::chrono::steady_clock::now() + far);
    co_return group.size();
}

task<bool> pool_resumes_here(cpu_pool& pool) {
    const auto here = std::this_thread::get_id();
    const auto there = co_await pool.run([] { return std::this_thread::get_id(); });
    co_return there && *there != here && std::this_thread::get_id() == here;
}

task<result<int>> run_on(cpu_pool& pool) {
    auto answer = co_await pool.run([] { return 1; });
    co_return answer;
}

}  // namespace

TEST_CASE("an event wakes everyone who waits") { CHECK(run_task(three_waiters_one_bell) == 3); }

TEST_CASE("an event that is never notified gives up at its deadline") { CHECK_FALSE(run_task(wait_without_bell)); }

TEST_CASE("a task that throws is logged, counted out and harms nobody") { CHECK(run_task(group_after_a_throw) == 0); }

TEST_CASE("work on the pool resumes on the caller's thread") {
    cpu_pool pool{1, 4};
    CHECK(run_task([&](executor) { return pool_resumes_here(pool); }));
}

TEST_CASE("a full pool refuses rather than queues") {
    cpu_pool pool{1, 1};
    std::atomic<bool> started = false, release = false;
    REQUIRE(pool.submit([&](cpu_pool::turn) {
        started = true;
        while (!release) std::this_thread::yield();
    }));
    while (!started) std::this_thread::yield();
    CHECK_FALSE(pool.full());
    REQUIRE(pool.submit([](cpu_pool::turn) {}));
    CHECK(pool.full());
    const auto refused = run_task([&](executor) { return run_on(pool); });
    CHECK(refused.error() == errc::overloaded);
    release = true;
}

TEST_CASE("a pool that stops finishes what runs and turns away what waits") {
    cpu_pool pool{1, 8};
    std::atomic<bool> started = false, release = false;
    REQUIRE(pool.submit([&](cpu_pool::turn) {
        started = true;
        while (!release) std::this_thread::yield();
    }));
    while (!started) std::this_thread::yield();
    std::vector<cpu_pool::turn> told;
    for (int i = 0; i < 3; ++i) REQUIRE(pool.submit([&](cpu_pool::turn its) { told.push_back(its); }));
    std::thread releasing{[&] {
        while (pool.waiting() != 0) std::this_thread::yield();
        release = true;
    }};
    pool.stop();
    releasing.join();
    CHECK(told == std::vector(3, cpu_pool::turn::stopped));
    CHECK_FALSE(pool.submit([](cpu_pool::turn) {}));
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
}

TEST_CASE("the threads of a nice pool give way to others, and nobody else does") {
    cpu_pool pool{1, 4, 5};
    const auto own = std::pair{sched_getscheduler(0), getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()))};
    const auto its = run_task([&](executor) {
        return pool.run([] { return std::pair{sched_getscheduler(0), getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()))}; });
    });
    CHECK(*its == std::pair{SCHED_BATCH, own.second + 5});
    CHECK(std::pair{sched_getscheduler(0), getpriority(PRIO_PROCESS, static_cast<id_t>(gettid()))} == own);
}

TEST_CASE("a pool says how long what waits will take") {
    cpu_pool pool{1, 8};
    CHECK(pool.backlog() == 0ms);
    std::atomic<bool> started = false, release = false;
    const auto wait_for_release = [&](cpu_pool::turn) {
        started = true;
        while (!release) std::this_thread::yield();
    };
    REQUIRE(pool.submit([](cpu_pool::turn) { std::this_thread::sleep_for(20ms); }));
    REQUIRE(pool.submit(wait_for_release));
    while (!started) std::this_thread::yield();
    CHECK(pool.backlog() == 0ms);
    for (int i = 0; i < 4; ++i) REQUIRE(pool.submit([](cpu_pool::turn) {}));
    CHECK(pool.backlog() >= 80ms);
    release = true;
}

TEST_CASE("who has waited for too long is turned away, also while no thread of the pool gets anywhere") {
    cpu_pool pool{1, 8, 0, 20ms};
    std::atomic<bool> started = false, release = false;
    REQUIRE(pool.submit([&](cpu_pool::turn) {
        started = true;
        while (!release) std::this_thread::yield();
    }));
    while (!started) std::this_thread::yield();
    // The thread is not released before all three are answered.
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
    CHECK(run_task([&](executor) { return run_on(pool); }).error() == errc::overloaded);
    std::promise<cpu_pool::turn> told;
    const auto asked = std::chrono::steady_clock::now();
    REQUIRE(pool.submit([&](cpu_pool::turn its) { told.set_value(its); }));
    CHECK(told.get_future().get() == cpu_pool::turn::too_late);
    CHECK(std::chrono::steady_clock::now() - asked >= 20ms);
    CHECK(pool.waiting() == 0);
    release = true;
    // And goes on: one whose turn comes in time is done.
    result<int> done{errc::overloaded};
    while (!done) done = run_task([&](executor) { return run_on(pool); });
    CHECK(*done == 1);
}

TEST_CASE("what would wait for too long, judged by the jobs of late, is not taken") {
    cpu_pool pool{1, 8, 0, 1s};
    std::atomic<bool> started = false, release = false;
    REQUIRE(pool.submit([](cpu_pool::turn) { std::this_thread::sleep_for(400ms); }));
    REQUIRE(pool.submit([&](cpu_pool::turn) {
        started = true;
        while (!release) std::this_thread::yield();
    }));
    while (!started) std::this_thread::yield();
    int taken = 0;
    while (!pool.full() && taken < 8) taken += pool.submit([](cpu_pool::turn) {});
    // Of 0.4 s each at least: the fourth would wait for more than a second, on a busy machine one before it.
    CHECK(taken >= 1);
    CHECK(taken <= 3);
    CHECK_FALSE(pool.submit([](cpu_pool::turn) {}));
    release = true;
}

TEST_CASE("each shard runs on a thread of its own until it is stopped") {
    shards all{2};
    std::atomic<int> ran = 0;
    for (std::size_t i = 0; i < all.size(); ++i) asio::post(all.at(i), [&] { ++ran; });
    CHECK(ran == 0);
    all.start();
    all.join();
    CHECK(ran == 2);
}
