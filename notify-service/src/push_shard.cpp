#include "notify-service/src/push_shard.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "common/obs/log.hpp"
#include "notify-service/src/http/endpoints.hpp"
#include "notify-service/src/push/push_socket.hpp"

namespace stagedoor::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How late a heartbeat, a missing pong or an expired session may be noticed.
constexpr milliseconds sweep_interval = 250ms;
// A wipe that nothing else tells of is noticed within this time; the end of a replay, within the other.
constexpr milliseconds whole_fence_interval = 1s;
constexpr milliseconds broken_fence_interval = 50ms;
// How soon the end of a session is found that nobody tells of: with what it takes to notice that (N4), within a second.
constexpr milliseconds vigil_interval = 200ms;
// Sockets are closed in steps of this length while draining, and not slower than this: few need no long window.
constexpr milliseconds drain_step = 10ms;
constexpr milliseconds longest_slot = 50ms;
// What is queued goes out within this time after the last slot; then sockets are cut off.
constexpr milliseconds drain_flush_time = 2s;
constexpr milliseconds cut_off_time = 500ms;
constexpr milliseconds tasks_end_time = 2s;

// The members of this hub are all push_sockets.
template <class Visit>
void for_each_socket(hub& all, Visit visit) {
    all.for_each([&](member& each) { visit(static_cast<push_socket&>(each)); });
}

}  // namespace

push_shard::push_shard(runtime::executor shard, std::size_t index, const process& shared)
    : keys_{shared.keys},
      admins_channel_{shared.keys.admin_events()},
      counts_{shared.counts},
      health_{shared.health.add("redis")},
      tasks_{shard},
      data_{shard, shared.redis, "notify"},
      fence_{data_, shared.keys, [this] { on_fence_changed(); }},
      subscriptions_{shard, shared.redis, data_,
                     shared.keys.probe(std::string{shared.node} + "." + std::to_string(index)), handlers()},
      group_{shard},
      hub_{shared.counts},
      history_{data_, fence_, shared.keys, shared.counts},
      channels_{subscriptions_, shared.keys},
      reads_{history_, tasks_, shared.counts},
      heads_{hub_, history_, tasks_, shared.counts},
      vigil_{hub_, history_},
      frames_{shared.node, index},
      receipts_in_redis_{data_, shared.keys, shared.node, index, shared.counts},
      receipts_{shard, receipts_in_redis_, shared.counts, [this] { return data_.now(); }},
      context_{.settings = shared.settings,
               .quota = shared.quota,
               .counts = shared.counts,
               .group = group_,
               .sockets = hub_,
               .reads = reads_,
               .source = history_,
               .subscriptions = channels_,
               .frames = frames_,
               .receipts = receipts_,
               .now = [this] { return data_.now(); },
               .since = [this] { return fence_.since(); },
               .redis_is_there = [this] { return redis_is_there(); }},
      routes_{endpoints(), context_},
      stop_{shard},
      fence_changed_{shard},
      deaf_{shard} {
    data_.on_up([this] {
        fence_.look();
        settle();
        report();
    });
    data_.on_down([this] { report(); });
}

redis::subscriber::handlers push_shard::handlers() {
    return {.on_message = [this](std::string_view channel, std::string_view payload) { on_message(channel, payload); },
            .on_lost = [this] { settle(); },
            .on_restored = [this] { settle(); }};
}

void push_shard::start() {
    data_.start(tasks_);
    subscriptions_.start(tasks_);
    tasks_.spawn("sweep", sweep());
    tasks_.spawn("receipts", receipts_.run());
    tasks_.spawn("fence watch", watch_fence());
    tasks_.spawn("vigil", keep_vigil());
}

void push_shard::on_message(std::string_view channel, std::string_view payload) {
    const auto user = user_of_channel(keys_, channel);
    if (user) {
        hub_.on_message(*user, payload);
    } else if (channel == admins_channel_) {
        hub_.on_admin_message(payload);
    } else {
        counts_.unreadable.add();
    }
}

// What was read or heard before may not be in Redis any more, also when all is whole again: as after a lost link.
void push_shard::on_fence_changed() {
    if (std::exchange(live_, false)) on_link_lost();
    receipts_.tell_again();
    settle();
    fence_changed_.notify_all();
}

void push_shard::settle() {
    const bool live = can_be_live();
    if (std::exchange(live_, live) == live) return;
    live ? on_link_restored() : on_link_lost();
}

void push_shard::on_link_lost() {
    if (stopping_) return;
    counts_.link_losses.add();
    obs::log::warn("subscriptions_lost", {{"sockets", hub_.sockets()}});
    context_.degraded = encode_in_all(frames_.make_degraded(data_.now()));
    hub_.on_link_lost();
    deaf_.notify_all();
    report();
}

void push_shard::on_link_restored() {
    obs::log::info("subscriptions_live", {{"sockets", hub_.sockets()}, {"users", hub_.users()}});
    context_.degraded = {};
    hub_.on_link_restored();
    report();
}

void push_shard::report() {
    if (stopping_) return;
    const auto server = data_.health();
    if (!server) {
        health_.fail(server.error());
    } else if (!subscriptions_.live()) {
        health_.fail("subscriptions are not confirmed");
    } else if (!fence_.known()) {
        health_.fail("what Redis has is not known yet");
    } else if (!fence_.whole()) {
        health_.fail("Redis lacks data, which auth-service has to replay");
    } else {
        health_.ok();
    }
    channels_seen_.store(subscriptions_.channels(), std::memory_order_relaxed);
    redis_seen_.store(redis_is_there(), std::memory_order_relaxed);
}

runtime::task<void> push_shard::sweep() {
    const auto interval = std::clamp<milliseconds>(context_.settings.heartbeat / 4, 25ms, sweep_interval);
    while (!stopping_) {
        const bool stopped = co_await stop_.wait_until(steady_clock::now() + interval);
        if (stopped) co_return;
        report();
        const auto now = steady_clock::now();
        const auto wall_time = data_.now();
        for_each_socket(hub_, [&](push_socket& each) { each.tick(now, wall_time); });
        if (can_be_live()) heads_.tick(now, context_.settings.heartbeat);
    }
}

runtime::task<void> push_shard::watch_fence() {
    while (!stopping_) {
        fence_.look();
        co_await fence_changed_.wait_until(steady_clock::now() +
                                           (fence_.whole() ? whole_fence_interval : broken_fence_interval));
    }
}

runtime::task<void> push_shard::keep_vigil() {
    while (!stopping_) {
        if (live_) {
            co_await deaf_.wait();
            co_await stop_.wait_until(steady_clock::now() + limits::redis_backoff_min);  // most are back by then
            continue;
        }
        if (data_.connected() && fence_.whole()) co_await vigil_.look();
        co_await stop_.wait_until(steady_clock::now() + vigil_interval);
    }
}

runtime::task<void> push_shard::drain(milliseconds window) {
    context_.draining = true;
    co_await close_sockets(window);
    co_await wait_for_sockets(drain_flush_time);
    for_each_socket(hub_, [](push_socket& each) { each.abort(); });
    co_await wait_for_sockets(cut_off_time);
    co_await receipts_.finish(steady_clock::now() + limits::redis_reply_time);

    stopping_ = true;
    stop_.notify_all();
    fence_changed_.notify_all();
    deaf_.notify_all();
    reads_.stop();
    subscriptions_.stop();
    data_.stop();
    const bool ended = co_await tasks_.join(steady_clock::now() + tasks_end_time);
    if (!ended) obs::log::warn("tasks_did_not_end", {{"tasks", tasks_.size()}});
}

// Each socket has its slot in the window: clients come back one after the other, not all at once.
runtime::task<void> push_shard::close_sockets(milliseconds window) {
    std::vector<std::weak_ptr<push_socket>> all;
    for_each_socket(hub_, [&](push_socket& each) { all.push_back(each.weak_from_this()); });
    window = std::min(window, longest_slot * static_cast<std::int64_t>(all.size()));
    const auto start = steady_clock::now();
    std::size_t next = 0;
    while (next < all.size()) {
        const auto elapsed = steady_clock::now() - start;
        const auto part = window <= 0ms ? 1.0 : std::chrono::duration<double>(elapsed) / window;
        const auto due = std::min(all.size(), static_cast<std::size_t>(part * static_cast<double>(all.size())) + 1);
        for (; next < due; ++next) {
            if (const auto socket = all[next].lock()) socket->close(close_code::draining, errc::shutting_down);
        }
        co_await runtime::sleep_for(drain_step);
    }
}

runtime::task<void> push_shard::wait_for_sockets(milliseconds time) {
    const auto deadline = steady_clock::now() + time;
    while ((hub_.sockets() > 0 || context_.farewells > 0) && steady_clock::now() < deadline) {
        co_await runtime::sleep_for(drain_step);
    }
}

}  // namespace stagedoor::notify
