#include <atomic>
#include <stdexcept>

#include "common/runtime/event.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/task_group.hpp"
#include "tests/support/catch.hpp"
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

}  // namespace

TEST_CASE("an event wakes everyone who waits") { CHECK(run_task(three_waiters_one_bell) == 3); }

TEST_CASE("an event that is never notified gives up at its deadline") { CHECK_FALSE(run_task(wait_without_bell)); }

TEST_CASE("a task that throws is logged, counted out and harms nobody") { CHECK(run_task(group_after_a_throw) == 0); }

TEST_CASE("each shard runs on a thread of its own until it is stopped") {
    shards all{2};
    std::atomic<int> ran = 0;
    for (std::size_t i = 0; i < all.size(); ++i) asio::post(all.at(i), [&] { ++ran; });
    CHECK(ran == 0);
    all.start();
    all.join();
    CHECK(ran == 2);
}
