// All handlers. Requests that change something have passed guarded_service before they come here.
#pragma once

#include "auth-service/src/http/context.hpp"
#include "common/http/request.hpp"
#include "common/http/response.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::api {

using answer = runtime::task<http::response>;

// What needs nothing to be waited for: a frame for the response alone, where a coroutine that might read would take one
// for all that it might.
inline answer answer_with(http::response made) { co_return made; }

// auth_api.cpp: registering, signing in and out, who am I, refreshing.
answer register_user(context& with, const http::request& request);
answer login(context& with, const http::request& request);
answer logout(context& with, const http::request& request);
answer refresh_session(context& with, const http::request& request);
answer me(context& with, const http::request& request);

// sessions_api.cpp: where somebody is signed in, and ending that: here, there, everywhere.
answer logout_all(context& with, const http::request& request);
answer list_sessions(context& with, const http::request& request);
answer end_session(context& with, const http::request& request);

// password_api.cpp: a new password, which ends all other sessions.
answer change_password(context& with, const http::request& request);

// verify_api.cpp: may this request pass? For gateways, by whatever method they pass on.
answer verify(context& with, const http::request& request);

// profile_api.cpp: a stage manager's own profile, for pending and active people alike.
answer show_profile(context& with, const http::request& request);
answer update_profile(context& with, const http::request& request);

// page_routes.cpp: the pages and their assets. Who may see which page is decided in pages/access.
answer root_page(context& with, const http::request& request);
answer login_page(context& with, const http::request& request);
answer registration_page(context& with, const http::request& request);
answer pending_page(context& with, const http::request& request);
answer dashboard_page(context& with, const http::request& request);
answer admin_page(context& with, const http::request& request);
answer account_page(context& with, const http::request& request);
answer asset(context& with, const http::request& request);
answer favicon(context& with, const http::request& request);

}  // namespace stagedoor::api
