// The fence in Redis, over the data link of the relay's shard.
#pragma once

#include "auth-service/src/approval/fence_store.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::approval {

class redis_fence_store final : public fence_store {
public:
    redis_fence_store(redis::link& link, const redis_schema& keys) : link_{link}, key_{keys.fence()} {}

    instant now() const override { return link_.now(); }
    runtime::task<result<fence_sight>> read() override;
    runtime::task<result<bool>> swap(std::string expected, fence next) override;

private:
    redis::link& link_;
    const std::string key_;
};

}  // namespace stagedoor::approval
