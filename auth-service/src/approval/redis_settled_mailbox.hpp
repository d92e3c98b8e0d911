// A mailbox whose posts have settled when they return: from then on no node answers a check from before them (C4). Stands
// between the relay and the mailbox proper; so every change that the relay carries (transitions, epochs, ends of
// sessions) is covered by this one place.
//
// This process' own caches are told. For those of other nodes a second round trip is enough: Redis writes what one turn
// of its loop has produced, invalidations included, to all sockets before it reads anything that was sent later. So
// when the reply to a command comes that was sent after the reply to the write, the invalidation is readable at each
// node, or its socket is full, which the node notices when it reads (redis::tracker). On one host that is exact; over a
// network the invalidation races the answer and what the client does with it, and the lease (C3) is the bound.
#pragma once

#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/session/own_writes.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::approval {

class redis_settled_mailbox final : public mailbox {
public:
    // `link` is the one that `inner` posts over.
    redis_settled_mailbox(mailbox& inner, redis::link& link, session::own_writes& writes)
        : inner_{inner}, link_{link}, writes_{writes} {}

    runtime::task<std::vector<result<posted>>> post(std::vector<outbox_row> rows) override;
    runtime::task<std::vector<result<posted>>> post_again(std::vector<user_event> events) override;
    runtime::task<result<void>> bury_again(std::vector<ended_session> ends) override;
    // Nobody answers from a cache while records are dropped: Redis is not believed then.
    runtime::task<result<void>> begin_admins(std::string life) override;
    runtime::task<result<std::string>> forget_sessions(std::string position) override;
    runtime::task<result<bool>> rebase(std::int64_t seen_top, std::vector<user_event> run) override;

private:
    // An error when it cannot be told: then what was posted counts as not posted, and is posted again.
    runtime::task<result<void>> settle();

    mailbox& inner_;
    redis::link& link_;
    session::own_writes& writes_;
};

}  // namespace stagedoor::approval
