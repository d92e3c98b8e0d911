// Many requests on one connection: what was asked, in order, and who waits for which reply. Knows no socket and no
// clock.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <optional>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/redis/callback.hpp"
#include "common/redis/command.hpp"
#include "common/redis/output_buffer.hpp"
#include "common/redis/resp.hpp"

namespace stagedoor::redis {

// Gets the reply, errors of Redis as values of kind error, or why there is none.
using reply_handler = callback<result<value>>;

class pipeline {
public:
    using time_point = std::chrono::steady_clock::time_point;

    // Whether one more request may be pushed; errc::overloaded beyond limits::redis_pending_requests or _bytes.
    result<void> admits() const;

    // Appends the command to the output. `done` is called from feed(), expire() or fail_all(), exactly once.
    template <class... Args>
    void push(time_point now, reply_handler done, const Args&... args) {
        append_command(output_.tail(), args...);
        pending_.push_back({std::move(done), now, no_deadline});
    }
    void push(time_point now, reply_handler done, const command& what) {
        push_by(no_deadline, now, std::move(done), what);
    }
    // The same for one who does not wait beyond `by`.
    void push_by(deadline_time by, time_point now, reply_handler done, const command& what) {
        what.append_to(output_.tail());
        pending_.push_back({std::move(done), now, by});
        next_expiry_ = std::min(next_expiry_, by);
    }

    output_buffer& output() noexcept { return output_; }

    // Hands each whole reply to the handler of the oldest request. Handlers may push, and may call fail_all(), after
    // which the rest of `bytes` is ignored. errc::redis_protocol: not RESP, or a reply that nobody waits for.
    result<void> feed(std::string_view bytes);

    // Tells everyone whose deadline has passed that there is no reply: errc::redis_unavailable. A reply that comes after
    // all is dropped.
    void expire(time_point now);

    // Not later than the next deadline of one who waits.
    deadline_time next_expiry() const noexcept { return next_expiry_; }

    // Tells everyone who waits `why`, in order, and forgets all of this connection.
    void fail_all(errc why);

    // When the request was pushed that has waited longest for its reply.
    std::optional<time_point> oldest() const noexcept;
    std::size_t pending() const noexcept { return pending_.size(); }
    // When the newest request was pushed that has its reply, of any connection; the beginning of time before the first.
    time_point answered() const noexcept { return answered_; }

private:
    struct request {
        reply_handler done;
        time_point since;
        deadline_time by;
    };

    result<void> dispatch(std::string_view slice);

    std::deque<request> pending_;
    time_point answered_{};
    output_buffer output_;
    reply_reader reader_;
    deadline_time next_expiry_ = no_deadline;
    unsigned life_ = 0;  // of the connection; changes under feed() when a handler ends it
};

}  // namespace stagedoor::redis
