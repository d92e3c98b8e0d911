// Counts in Redis, shared by all nodes; this node's own while Redis is away, refuses or is slow. One instance per shard.
#pragma once

#include <memory>

#include "auth-service/src/limits/limit_counters.hpp"
#include "auth-service/src/limits/local_limiter.hpp"
#include "auth-service/src/limits/rate_limiter.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor::rate_limit {

class redis_limiter final : public rate_limiter {
public:
    redis_limiter(runtime::executor shard, redis::link& link, const redis_schema& keys, local_limiter& local,
                  limit_counters& counters, runtime::task_group& tasks)
        : shard_{shard}, link_{link}, keys_{keys}, local_{local}, counters_{counters}, tasks_{tasks} {}

    runtime::task<std::vector<decision>> decide(std::vector<question> questions) override;
    instant now() const override { return link_.now(); }

private:
    using replies = std::vector<result<redis::value>>;
    struct exchange;

    runtime::task<void> ask(std::vector<redis::script_call> calls, std::shared_ptr<exchange> into);
    // Nothing when Redis does not answer in time.
    runtime::task<replies> ask_in_time(std::vector<redis::script_call> calls);

    const runtime::executor shard_;
    redis::link& link_;
    const redis_schema& keys_;
    local_limiter& local_;
    limit_counters& counters_;
    runtime::task_group& tasks_;
    local_limiter::time_point slow_until_{};
};

}  // namespace stagedoor::rate_limit
