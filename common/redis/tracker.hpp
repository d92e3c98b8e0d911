// Hears from Redis when something changes that a link has read, and knows at any time whether that may be relied on:
// what a cache of one shard stands on (C2 to C4). The rules are in tracking_state; this is the listening connection.
//
// A cache asks keeps() before a read is sent, and answers() before it answers. Without this Redis' permission (CLIENT
// TRACKING, CLIENT ID, SUBSCRIBE to __redis__:invalidate) both stay false, and the log says why. Belongs to one shard.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "common/redis/connection.hpp"
#include "common/redis/link.hpp"
#include "common/redis/output_buffer.hpp"
#include "common/redis/resp.hpp"
#include "common/redis/tracking_state.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::redis {

// Since the start of the process; read by the metrics page from another thread.
struct tracking_counters {
    std::atomic<std::uint64_t> invalidations = 0;  // keys
    std::atomic<std::uint64_t> lease_losses = 0;   // times that answers() began to be false
};

class tracker final : private connection_user {
public:
    struct handlers {
        // A key that was read has changed, is gone, or is no longer remembered by Redis. The view dies on return.
        std::function<void(std::string_view key)> on_changed;
        // Everything read before is to be dropped, and no reply that is under way to be kept.
        std::function<void()> on_lost;
    };

    // `data` is the link whose reads are tracked; it outlives this.
    tracker(runtime::executor shard, url where, link& data, handlers to);
    tracker(const tracker&) = delete;
    tracker& operator=(const tracker&) = delete;

    // Once. `tasks` is joined before this or `data` is destroyed.
    void start(runtime::task_group& tasks);
    void stop() { connection_.stop(); }

    // Whether the reply to a request that `data` sends now may be kept.
    bool keeps() const noexcept { return state_.keeps() && data_.connected() && connection_.is_open(); }

    // Whether what was kept is as good as a read that begins now. Looks at the socket first, once in each turn of the
    // shard's loop (C4), and may call the handlers: look up after this, not before.
    bool answers(time_point now);

    const tracking_counters& counters() const noexcept { return counters_; }

private:
    void opened() override;
    result<void> received(std::string_view bytes) override;
    void closed() override;
    time_point tick(time_point now) override;

    result<void> dispatch(const value& reply);
    result<void> take_greeting(const value& reply);
    result<void> take_push(const value::array& parts);
    void take_change(const value& keys);
    void subscribed();
    void arm();
    void take_arming(std::uint64_t attempt, const result<value>& reply);
    void catch_up();
    void ping(time_point now);
    void note_lease(time_point now);

    // The greeting's answers come in this order; AUTH only with a password.
    enum class greeting : std::uint8_t { auth, name, info, id, subscription, done };

    link& data_;
    handlers to_;
    tracking_state state_;
    output_buffer output_;
    connection connection_;
    reply_reader reader_;
    greeting due_ = greeting::done;
    std::int64_t client_id_ = 0;
    std::string run_id_;
    time_point opened_at_{};
    time_point next_ping_{};
    time_point ping_due_{};  // when the PING under way has to be answered
    bool had_lease_ = false;
    bool refusal_logged_ = false;
    // Set when the socket was looked at, cleared when this turn of the loop is over. Shared with what clears it.
    std::shared_ptr<bool> caught_up_ = std::make_shared<bool>(false);
    tracking_counters counters_;
};

}  // namespace stagedoor::redis
