// The port `history` over the shard's data link: few commands in one write.
#pragma once

#include "common/core/redis_schema.hpp"
#include "common/redis/fence_watch.hpp"
#include "common/redis/link.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/metrics.hpp"

namespace stagedoor::notify {

class redis_history final : public history {
public:
    // All outlive this.
    redis_history(redis::link& data, redis::fence_watch& fence, const redis_schema& keys, push_metrics& counts)
        : data_{data}, fence_{fence}, keys_{keys}, counts_{counts} {}

    runtime::task<result<readout>> read(session::session_ref who, read_request what) override;
    runtime::task<result<std::vector<std::optional<std::int64_t>>>> next_after(std::vector<head_question> all) override;
    runtime::task<result<std::vector<readout>>> read_sessions(std::vector<session::session_ref> who) override;

private:
    // Notes the fence, which was read last: what it says holds for what was read before (R6).
    result<void> heed_fence(result<redis::value> reply);

    redis::link& data_;
    redis::fence_watch& fence_;
    const redis_schema& keys_;
    push_metrics& counts_;
};

// XRANGE's (or XREVRANGE's) reply and MGET's, put together. errc::redis_protocol: they are not what was asked for.
result<readout> parse_readout(const redis::value& entries, const redis::value& record_and_snapshot);
// XRANGE's (or XREVRANGE's) reply for the admins' stream. errc::redis_protocol, as above.
result<admin_readout> parse_admin_readout(const redis::value& entries);

}  // namespace stagedoor::notify
