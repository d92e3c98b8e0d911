// The port `receipts_reader` over the shard's link: two round trips, for whoever asks what came of an event.
#pragma once

#include "auth-service/src/events/socket_receipts.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::events {

class redis_receipts_reader final : public receipts_reader {
public:
    // Both outlive this.
    redis_receipts_reader(redis::link& link, const redis_schema& keys) : link_{link}, keys_{keys} {}

    runtime::task<result<socket_receipts>> of(user_id user) override;

private:
    redis::link& link_;
    const redis_schema& keys_;
};

}  // namespace stagedoor::events
