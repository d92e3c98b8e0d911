// What the handlers of one shard work with. Wired in app.cpp; everything outlives every request.
#pragma once

#include "auth-service/src/admin/answer_store.hpp"
#include "auth-service/src/admin/audit_store.hpp"
#include "auth-service/src/admin/keys_to_free.hpp"
#include "auth-service/src/admin/token_service.hpp"
#include "auth-service/src/approval/approval_service.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/events/event_service.hpp"
#include "auth-service/src/http/page_files.hpp"
#include "auth-service/src/limits/gatekeeper.hpp"
#include "auth-service/src/session/session_endings.hpp"
#include "auth-service/src/session/session_service.hpp"
#include "auth-service/src/user/account_service.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/core/cookie.hpp"
#include "common/core/origin.hpp"
#include "common/obs/health.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::api {

// What `GET /api/admin/system` tells beside the health: the same for all shards.
struct system_facts {
    const allowed_origins& origins;
    const obs::health& health;
};

struct context {
    user::account_service& accounts;
    rate_limit::gatekeeper& gate;
    user::user_store& users;
    session::session_service& sessions;
    session::session_endings& endings;
    approval::approval_service& approvals;
    admin::token_service& tokens;
    admin::audit_store& audit;
    admin::answer_store& answers;
    admin::keys_to_free& keys_to_free;
    approval::relay& relay;
    events::event_service& events;
    const session_cookie& cookie;
    const std::string& clear_site_data;  // the field's value at a sign-out; empty: none
    const session::timeouts& timeouts;
    const page_files& files;
    system_facts system;
};

}  // namespace stagedoor::api
