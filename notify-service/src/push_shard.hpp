// Everything of notify-service that lives on one shard: its two links to Redis, the hub, the sockets, and the sweep
// that keeps them honest. Made and destroyed while no shard runs; in between it belongs to its own thread.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "common/core/redis_schema.hpp"
#include "common/http/router.hpp"
#include "common/obs/health.hpp"
#include "common/redis/fence_watch.hpp"
#include "common/redis/link.hpp"
#include "common/redis/subscriber.hpp"
#include "common/redis/url.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task_group.hpp"
#include "common/ws/socket_group.hpp"
#include "notify-service/src/hub/head_watch.hpp"
#include "notify-service/src/hub/hub.hpp"
#include "notify-service/src/hub/read_queue.hpp"
#include "notify-service/src/hub/redis_channels.hpp"
#include "notify-service/src/hub/redis_history.hpp"
#include "notify-service/src/push/connection_frames.hpp"
#include "notify-service/src/push/push_context.hpp"
#include "notify-service/src/push/vigil.hpp"
#include "notify-service/src/receipts/receipt_book.hpp"
#include "notify-service/src/receipts/redis_receipts.hpp"

namespace stagedoor::notify {

class push_shard {
public:
    // What all shards share; outlives them.
    struct process {
        const push_settings& settings;
        const redis_schema& keys;
        const redis::url& redis;
        std::string_view node;  // see connection_frames
        socket_quota& quota;
        push_metrics& counts;
        obs::health& health;
    };

    push_shard(runtime::executor shard, std::size_t index, const process& shared);
    push_shard(const push_shard&) = delete;
    push_shard& operator=(const push_shard&) = delete;

    // Once, before the shards run.
    void start();

    // Takes no new sockets, closes those that are open evenly over `window`, then ends everything else here. Once.
    runtime::task<void> drain(std::chrono::milliseconds window);

    http::service& service() noexcept { return routes_; }

    // As of the last sweep; from any thread.
    std::size_t channels_seen() const noexcept { return channels_seen_.load(std::memory_order_relaxed); }
    bool redis_seen() const noexcept { return redis_seen_.load(std::memory_order_relaxed); }

private:
    redis::subscriber::handlers handlers();
    void on_message(std::string_view channel, std::string_view payload);
    // Live: messages come, and the data behind them is whole (R6).
    bool can_be_live() const noexcept { return subscriptions_.live() && fence_.whole(); }
    void on_fence_changed();
    void settle();
    void on_link_lost();
    void on_link_restored();
    bool redis_is_there() const noexcept { return data_.connected() && can_be_live(); }
    void report();

    runtime::task<void> sweep();
    runtime::task<void> watch_fence();
    runtime::task<void> keep_vigil();
    runtime::task<void> close_sockets(std::chrono::milliseconds window);
    runtime::task<void> wait_for_sockets(std::chrono::milliseconds time);

    const redis_schema& keys_;
    const std::string admins_channel_;
    push_metrics& counts_;
    obs::health::condition& health_;
    runtime::task_group tasks_;
    redis::link data_;
    redis::fence_watch fence_;
    redis::subscriber subscriptions_;
    ws::socket_group group_;
    hub hub_;
    redis_history history_;
    redis_channels channels_;
    read_queue reads_;
    head_watch heads_;
    vigil vigil_;
    connection_frames frames_;
    redis_receipts receipts_in_redis_;
    receipt_book receipts_;
    push_context context_;
    http::router<push_context> routes_;
    runtime::event stop_;
    runtime::event fence_changed_;
    runtime::event deaf_;  // nothing is heard any more
    bool live_ = false;  // what the sockets were told last
    bool stopping_ = false;
    std::atomic<std::size_t> channels_seen_{0};
    std::atomic<bool> redis_seen_{false};
};

}  // namespace stagedoor::notify
