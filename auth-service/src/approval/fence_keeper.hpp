// Looks after the fence (R6): knows whether the data in Redis is whole, has it replayed when it is not, and grants the
// lease by which all shards believe Redis (session::redis_trust).
//
// Each look: read the fence, judge it (fence_policy.hpp); broken: open a replay; replaying: do a step of it, and look
// again at once; whole: have the outbox scanned, and write the fence with the cursor moved on. Who holds a lease knows
// that all that was committed before the look began is in Redis, and that Redis takes writes. Belongs to the relay's
// shard.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>

#include "auth-service/src/approval/fence_policy.hpp"
#include "auth-service/src/approval/fence_store.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/approval/replay.hpp"
#include "auth-service/src/session/redis_trust.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

class fence_keeper {
public:
    // `report`: why this node must not get traffic, in a sentence; empty: nothing of what is looked after here.
    using report = std::function<void(std::string_view why)>;

    fence_keeper(runtime::executor shard, fence_store& fences, outbox& rows, mailbox& letters, relay& feeds,
                 session::redis_trust& trust, report to);

    // Runs until stop(). Once.
    runtime::task<void> run();

    // The link to Redis came up, or was lost.
    void on_up();
    void on_down();

    void stop();

    // Since the start of the process; read by the metrics page from another thread.
    struct counters {
        std::atomic<std::uint64_t> replays = 0;  // opened, by this node
        std::atomic<bool> whole = false;
        std::atomic<std::int64_t> written_at_ms = 0;  // when Redis took the last write of the fence
    };
    const counters& counts() const noexcept { return counts_; }
    const replay::counters& replay_counts() const noexcept { return replay_.counts(); }

private:
    using time_point = std::chrono::steady_clock::time_point;

    // One look; `began` is when.
    runtime::task<void> look(time_point began);
    // What the fence is worth; nothing: nobody can tell.
    runtime::task<std::optional<data_state>> judged(fence_sight seen);
    runtime::task<void> open_replay_of(fence_sight seen);
    runtime::task<void> go_on_with(fence_sight seen);
    runtime::task<void> feed(fence_sight seen, time_point began);
    void know(const fence& good);
    void know_nothing();

    fence_store& fences_;
    outbox& outbox_;
    relay& relay_;
    replay replay_;
    session::redis_trust& trust_;
    report report_;
    runtime::event bell_;
    counters counts_;
    std::optional<fence> known_;  // the life whose data is whole
    std::optional<time_point> elsewhere_since_;
    std::optional<outbox_standing> standing_;  // to open a replay by
    bool drained_ = false;  // once since the link came up, in this life
    bool due_ = true;
    bool stopping_ = false;
};

}  // namespace stagedoor::approval
