// The data connection of one shard: every request of the shard goes through it, pipelined and written together.
//
// While there is no connection requests fail at once; a reply later than limits::redis_reply_time ends the connection
// and fails all that wait. A request that failed with redis_unavailable may have been executed or not.
// Belongs to one shard: all members are called, and all handlers run, on its thread.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/redis/connection.hpp"
#include "common/redis/pipeline.hpp"
#include "common/redis/redis_clock.hpp"
#include "common/redis/server_info.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::redis {

class link final : private connection_user {
public:
    // `name` tells links apart in the log and in Redis' CLIENT LIST: [a-z0-9-].
    link(runtime::executor shard, url where, std::string name = "data");
    link(const link&) = delete;
    link& operator=(const link&) = delete;

    // Once. `tasks` is joined before this is destroyed.
    void start(runtime::task_group& tasks);
    void stop();

    bool connected() const noexcept { return up_ && connection_.is_open(); }
    // Called after each change of connected(); on_down before the requests that waited hear of it. Add before start().
    void on_up(std::function<void()> observer) { up_observers_.push_back(std::move(observer)); }
    void on_down(std::function<void()> observer) { down_observers_.push_back(std::move(observer)); }

    // When the newest request was sent that Redis has answered: it knew this connection then, or later.
    time_point answered() const noexcept { return pipeline_.answered(); }

    // When the greeting of this connection was answered; of the last one while there is none.
    time_point up_since() const noexcept { return up_since_; }

    // Redis' time (T5), also while it is away.
    instant now() const;

    // Of the server process at the other end, as of the greeting (R6). Empty while there is no connection.
    std::string_view run_id() const noexcept { return connected() ? std::string_view{server_.run_id} : std::string_view{}; }

    // The error says in a sentence why this service is not ready: not connected, or not a Redis to work with (R8).
    boost::system::result<void, std::string> health() const;

    // One command; arguments are texts or integers. Replies that are errors of Redis come as errors: redis_unavailable
    // or redis_protocol (see classify), told in the log. Others: redis_unavailable, overloaded.
    template <class... Args>
    runtime::task<result<value>> request(const Args&... args) {
        return request_command(command{args...});
    }
    // The same with a deadline: when it has passed the error is redis_unavailable, and the link stays.
    template <class... Args>
    runtime::task<result<value>> request_by(deadline_time by, const Args&... args) {
        return request_command(command{args...}, by);
    }
    runtime::task<result<value>> request_command(command what, deadline_time by = no_deadline);

    // The same with errors of Redis as values, for callers that know what to do about them.
    runtime::task<result<value>> exchange(command what, deadline_time by = no_deadline);

    // All in one write; a reply for each, in order.
    runtime::task<std::vector<result<value>>> exchange_all(std::vector<command> commands);

    // For hot paths: no coroutine, no copy of the arguments. `done` gets errors of Redis as values, and is called
    // before this returns when there is no connection (redis_unavailable) or no room (overloaded).
    template <class... Args>
    void send(reply_handler done, const Args&... args) {
        const auto admitted = admits();
        if (!admitted) return done(admitted.error());
        pipeline_.push(std::chrono::steady_clock::now(), std::move(done), args...);
        connection_.flush_soon();
    }

    // Turns an error of Redis into an error, and logs it.
    result<value> checked(result<value> reply);

private:
    void opened() override;
    result<void> received(std::string_view bytes) override;
    void closed() override;
    time_point tick(time_point now) override;

    result<void> admits() const;
    result<void> admits(time_point now, deadline_time by) const;
    // What was admitted. No coroutine of its own: its caller's frame is enough.
    runtime::task<result<value>> ask(command what, time_point now, deadline_time by);
    // What the greeting and the probes ask for; each drops the connection when the answer says that it is of no use.
    void authenticate();
    void ask_info();
    void ask_time();
    void take_info(const result<value>& reply);
    void take_time(const result<value>& reply, time_point asked);
    void greeted();
    void refused(std::string_view command, const value& reply);
    void report_health();
    void report_offset(std::chrono::milliseconds offset);

    pipeline pipeline_;
    connection connection_;
    std::vector<std::function<void()>> up_observers_;
    std::vector<std::function<void()>> down_observers_;
    redis_clock clock_;
    server_info server_;
    bool up_ = false;
    time_point up_since_{};
    bool forgave_lateness_ = false;
    bool warned_offset_ = false;
    std::string logged_health_;
    time_point next_probe_{};
    time_point next_info_{};
    time_point next_error_log_{};
};

}  // namespace stagedoor::redis
