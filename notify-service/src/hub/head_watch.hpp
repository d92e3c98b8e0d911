// Finds sockets that a lost message has left behind (N4): compares each user's stream with what was written to the
// user's sockets, once in an interval, however many sockets there are. What it finds it makes read, and counts.
// Belongs to one shard.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "common/core/limits.hpp"
#include "common/runtime/task.hpp"
#include "common/runtime/task_group.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/hub/hub.hpp"

namespace stagedoor::notify {

class head_watch {
public:
    // All outlive this; `tasks` is joined before.
    head_watch(hub& sockets, history& source, runtime::task_group& tasks, push_metrics& counts)
        : sockets_{sockets}, source_{source}, tasks_{tasks}, counts_{counts} {}
    head_watch(const head_watch&) = delete;
    head_watch& operator=(const head_watch&) = delete;

    // Several times a second: asks for those users whose turn it is, in one round trip, and makes read what is still
    // behind a grace after it was found so. The users' turns are spread over `interval`.
    void tick(steady_time now, std::chrono::milliseconds interval);

private:
    // A message of this version or an earlier one has not come to some socket of the user, or comes just now.
    struct suspicion {
        user_id user;
        std::int64_t version;
        steady_time judged_at;
    };

    void judge(steady_time now);
    runtime::task<void> look(std::vector<head_question> all, steady_time asked);

    hub& sockets_;
    history& source_;
    runtime::task_group& tasks_;
    push_metrics& counts_;
    std::vector<suspicion> suspicions_;  // the oldest first
    bool looking_ = false;
};

}  // namespace stagedoor::notify
