// Looks after the fence (R6): knows whether the data in Redis is whole, has it replayed when it is not, and grants the
// lease by which all shards believe Redis (session::redis_trust).
//
// Each look: read the fence; bad: replay; then have the outbox scanned, and write the fence with the cursor moved on. Who
// holds a lease knows that all that was committed before the look began is in Redis, and that Redis takes writes.
// Belongs to the relay's shard.
#pragma once

#include <chrono>
#include <optional>

#include "auth-service/src/approval/fence_store.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/session/redis_trust.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

class fence_keeper {
public:
    fence_keeper(runtime::executor shard, fence_store& fences, outbox& rows, relay& feeds, session::redis_trust& trust);

    // Runs until stop(). Once.
    runtime::task<void> run();

    // The link to Redis came up, or was lost.
    void on_up();
    void on_down();

    void stop();

private:
    using time_point = std::chrono::steady_clock::time_point;

    // One look; `began` is when.
    runtime::task<void> look(time_point began);
    runtime::task<void> begin_anew(fence_sight seen);
    void know(const fence& good);
    void know_nothing();

    fence_store& fences_;
    outbox& outbox_;
    relay& relay_;
    session::redis_trust& trust_;
    runtime::event bell_;
    std::optional<fence> known_;  // the life whose data is whole
    bool drained_ = false;        // once since the link came up, in this life
    bool due_ = true;
    bool stopping_ = false;
};

}  // namespace stagedoor::approval
