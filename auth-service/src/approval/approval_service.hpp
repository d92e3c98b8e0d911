// Approving people: one transition, committed, relayed, told. One instance per shard.
#pragma once

#include <string>

#include "auth-service/src/approval/approval_store.hpp"
#include "auth-service/src/approval/relay.hpp"

namespace stagedoor::approval {

struct decided {
    transition_outcome outcome;
    approval::delivery delivery = delivery::relayed;
};

class approval_service {
public:
    approval_service(approval_store& store, relay& relay) : store_{store}, relay_{relay} {}

    // Applies the transition and waits until it is relayed: after that every session's next check shows the new
    // status. When Redis is away it is committed all the same, `delivery::pending`. A transition that the status does
    // not allow is no error here: `outcome.applied` is false. errc::not_found, errc::database_*, errc::overloaded.
    runtime::task<result<decided>> decide(transition_request request, user::actor by);

    runtime::task<result<user_page>> list(list_query query);

private:
    approval_store& store_;
    relay& relay_;
};

}  // namespace stagedoor::approval
