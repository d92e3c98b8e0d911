// Sessions and snapshots in Redis, over the data link of one shard.
#pragma once

#include "auth-service/src/session/redis_trust.hpp"
#include "auth-service/src/session/session_store.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::session {

class redis_session_store final : public session_store {
public:
    redis_session_store(redis::link& link, const redis_schema& keys, const redis_trust& trust)
        : link_{link}, keys_{keys}, trust_{trust} {}

    instant now() const override { return link_.now(); }
    instant since() const override { return trust_.since(); }
    runtime::task<result<stored_session>> load(session_ref who, deadline_time by) override;
    runtime::task<result<std::vector<stored_value>>> load_records(user_id user,
                                                                  std::vector<session_id> sessions) override;
    runtime::task<result<std::optional<std::string>>> hold(session_ref who, deadline_time by) override;
    runtime::task<result<bool>> swap(session_ref who, std::string expected, session_record next,
                                     deadline_time by) override;
    runtime::task<result<void>> bury(session_ref who, errc reason, deadline_time by) override;
    runtime::task<result<void>> settle(deadline_time by) override;
    runtime::task<result<user_facts>> put_snapshot(user_facts facts, deadline_time by) override;

private:
    redis::link& link_;
    const redis_schema& keys_;
    const redis_trust& trust_;
};

// The call that buries a session, for this store and for the relay.
redis::script_call bury_call(const redis_schema& keys, const session_ref& who, errc reason, instant now);

}  // namespace stagedoor::session
