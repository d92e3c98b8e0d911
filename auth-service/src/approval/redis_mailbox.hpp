// Letters and tombstones in Redis, over the data link of the relay's shard.
#pragma once

#include "auth-service/src/approval/mailbox.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::approval {

class redis_mailbox final : public mailbox {
public:
    redis_mailbox(redis::link& link, const redis_schema& keys) : link_{link}, keys_{keys} {}

    runtime::task<std::vector<result<posted>>> post(std::vector<outbox_row> rows) override;
    runtime::task<std::vector<result<posted>>> post_again(std::vector<user_event> events) override;
    runtime::task<result<void>> bury_again(std::vector<ended_session> ends) override;
    runtime::task<result<void>> begin_admins(std::string life) override;
    runtime::task<result<std::string>> forget_sessions(std::string position) override;
    runtime::task<result<bool>> rebase(std::int64_t seen_top, std::vector<user_event> run) override;

private:
    redis::link& link_;
    const redis_schema& keys_;
};

}  // namespace stagedoor::approval
