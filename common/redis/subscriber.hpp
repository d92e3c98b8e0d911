// The subscription connection of one shard of notify-service: holds channels, delivers messages, and knows at any time
// whether it may be relied on.
//
// Two probes look after that (N4), each limits::redis_probe_interval, each with limits::redis_reply_time to come back:
// a PING on this connection finds a dead peer or a stalled server; a message published through the data link to a
// channel of our own finds a connection that lives but no longer hears what is published, on a former master for
// example. While the data link is down, or may not publish, the PING alone has to do. Replies come behind the messages
// that were sent before them: as long as messages come they are waited for, up to limits::redis_backlog_time. Belongs to
// one shard.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/redis/connection.hpp"
#include "common/redis/link.hpp"
#include "common/redis/resp.hpp"
#include "common/redis/subscription_table.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::redis {

class subscriber final : private connection_user {
public:
    struct handlers {
        // A message; both views die when it returns.
        std::function<void(std::string_view channel, std::string_view payload)> on_message;
        // Messages may have been missed from now on. Whoever waits in acquire() has been told.
        std::function<void()> on_lost;
        // Every channel held is confirmed again; also after the first connect. What was missed is in the streams.
        std::function<void()> on_restored;
    };

    // `data` publishes the probes and outlives this. `probe_channel` is this object's own (redis_schema::probe).
    subscriber(runtime::executor shard, url where, link& data, std::string probe_channel, handlers to);
    subscriber(const subscriber&) = delete;
    subscriber& operator=(const subscriber&) = delete;

    // Once. `tasks` is joined before this or `data` is destroyed.
    void start(runtime::task_group& tasks);
    void stop();

    // Takes a reference and returns when Redis has confirmed the subscription: each message published after that comes.
    // errc::redis_unavailable (no connection, or lost while waiting) and errc::overloaded take none.
    runtime::task<result<void>> acquire(std::string channel);
    // Gives back one reference that acquire() took.
    void release(std::string_view channel);

    // True from on_restored to on_lost.
    bool live() const noexcept { return live_; }
    // Counts losses of the connection: equal before and after means that none was between.
    std::uint64_t generation() const noexcept { return generation_; }
    // Held channels, the probe's own included.
    std::size_t channels() const noexcept { return table_.size(); }

private:
    // What is expected back, and since when.
    struct probe {
        std::uint64_t nonce = 0;
        std::optional<time_point> since;

        // When it will be, if nothing comes that is ahead of it; `heard`: when the last such thing came.
        time_point late_at(time_point heard) const;
        bool late(time_point now, time_point heard) const { return since && now >= late_at(heard); }
    };

    void opened() override;
    result<void> received(std::string_view bytes) override;
    void closed() override;
    time_point tick(time_point now) override;

    result<void> take(std::string_view bytes);
    result<void> dispatch_replies();
    result<void> dispatch(const value& reply);
    result<void> dispatch_push(const value::array& parts);
    void dispatch_message(std::string_view channel, std::string_view payload);
    result<void> take_greeting(const value& reply);
    void announce_if_restored();
    void send_ping(time_point now);
    void publish_probe();

    link& data_;
    const std::string probe_channel_;
    handlers to_;
    subscription_table table_;
    connection connection_;
    reply_reader reader_;
    unsigned greetings_due_ = 0;
    time_point opened_at_{};
    time_point next_probe_{};
    probe ping_;
    probe published_;          // `since` is when Redis said that it had published
    time_point heard_at_{};    // when the last bytes were worked off
    time_point told_at_{};     // when the last message was
    std::uint64_t heard_ = 0;  // the newest nonce that came back through the channel
    bool message_came_ = false;
    bool publishing_ = false;
    std::uint64_t next_nonce_ = 1;
    std::uint64_t generation_ = 0;
    bool live_ = false;
    bool forgave_lateness_ = false;
};

}  // namespace stagedoor::redis
