// The handlers of the admin API. Each is told who calls, and is reached through as_admin alone (admin_guard.hpp).
#pragma once

#include "auth-service/src/http/admin_guard.hpp"

namespace stagedoor::api {

// admin_api.cpp: the people who wait, and what admins decide about them.
answer list_stage_managers(context& with, const http::request& request, admin_caller by);
answer list_users(context& with, const http::request& request, admin_caller by);
answer approve(context& with, const http::request& request, admin_caller by);
answer reject(context& with, const http::request& request, admin_caller by);
answer reconsider(context& with, const http::request& request, admin_caller by);
answer suspend(context& with, const http::request& request, admin_caller by);
answer reinstate(context& with, const http::request& request, admin_caller by);

// bulk_api.cpp: the same for many people. The only call whose body may be large.
answer decide_bulk(context& with, const http::request& request, admin_caller by);
runtime::task<std::optional<http::response>> bulk_may_be_large(context& with, const http::request& request);

// admin_sessions_api.cpp: where somebody is signed in, and ending that.
answer list_sessions_of(context& with, const http::request& request, admin_caller by);
answer end_sessions_of(context& with, const http::request& request, admin_caller by);
answer end_session_of(context& with, const http::request& request, admin_caller by);

// audit_api.cpp: who did what.
answer list_audit(context& with, const http::request& request, admin_caller by);

// tokens_api.cpp: API tokens.
answer list_tokens(context& with, const http::request& request, admin_caller by);
answer create_token(context& with, const http::request& request, admin_caller by);
answer revoke_token(context& with, const http::request& request, admin_caller by);

// events_api.cpp: what came of an event, and what Redis does not take.
answer show_event(context& with, const http::request& request, admin_caller by);
answer list_events(context& with, const http::request& request, admin_caller by);

// system_api.cpp: the server itself.
answer describe_system(context& with, const http::request& request, admin_caller by);

}  // namespace stagedoor::api
