#include "auth-service/src/http/endpoints.hpp"

#include <array>

#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/handlers.hpp"

namespace stagedoor::api {
namespace {

using enum http::method;

constexpr std::array<http::endpoint<context>, 43> table{{
    {post, "/api/auth/register", &register_user},
    {post, "/api/auth/login", &login},
    {post, "/api/auth/logout", &logout},
    {post, "/api/auth/refresh-session", &refresh_session},
    {get, "/api/auth/me", &me},
    {post, "/api/auth/logout-all", &logout_all},
    {get, "/api/auth/sessions", &list_sessions},
    {del, "/api/auth/sessions/{id}", &end_session},
    {post, "/api/auth/password", &change_password},

    {get, "/api/auth/verify", &verify},
    {post, "/api/auth/verify", &verify},
    {put, "/api/auth/verify", &verify},
    {patch, "/api/auth/verify", &verify},
    {del, "/api/auth/verify", &verify},

    {get, "/api/stage-manager/profile", &show_profile},
    {patch, "/api/stage-manager/profile", &update_profile},

    {get, "/api/admin/stage-managers", &as_admin<admin_right::read, list_stage_managers>},
    {post, "/api/admin/stage-managers/{id}/approve", &as_admin<admin_right::approve, approve>},
    {post, "/api/admin/stage-managers/{id}/reject", &as_admin<admin_right::approve, reject>},
    {post, "/api/admin/stage-managers/{id}/reconsider", &as_admin<admin_right::approve, reconsider>},
    {post, "/api/admin/stage-managers/{id}/suspend", &as_admin<admin_right::approve, suspend>},
    {post, "/api/admin/stage-managers/{id}/reinstate", &as_admin<admin_right::approve, reinstate>},
    {post, "/api/admin/stage-managers/bulk", &as_admin<admin_right::approve, decide_bulk>, &bulk_may_be_large},
    {get, "/api/admin/users", &as_admin<admin_right::read, list_users>},
    {get, "/api/admin/users/{id}/sessions", &as_admin<admin_right::read, list_sessions_of>},
    {del, "/api/admin/users/{id}/sessions", &as_admin<admin_right::approve, end_sessions_of>},
    {del, "/api/admin/users/{id}/sessions/{sid}", &as_admin<admin_right::approve, end_session_of>},
    {get, "/api/admin/events", &as_admin<admin_right::read, list_events>},
    {get, "/api/admin/events/{id}", &as_admin<admin_right::read, show_event>},
    {get, "/api/admin/audit", &as_admin<admin_right::read, list_audit>},
    {get, "/api/admin/system", &as_admin<admin_right::read, describe_system>},
    {get, "/api/admin/tokens", &as_admin<admin_right::owner, list_tokens>},
    {post, "/api/admin/tokens", &as_admin<admin_right::owner, create_token>},
    {del, "/api/admin/tokens/{id}", &as_admin<admin_right::read, revoke_token>},

    {get, "/", &root_page},
    {get, "/login", &login_page},
    {get, "/register", &registration_page},
    {get, "/stage-manager-pending", &pending_page},
    {get, "/stage-manager", &dashboard_page},
    {get, "/admin", &admin_page},
    {get, "/account", &account_page},
    {get, "/assets/{name}", &asset},
    {get, "/favicon.ico", &favicon},
}};
static_assert(http::are_patterns(table));

}  // namespace

std::span<const http::endpoint<context>> endpoints() noexcept { return table; }

}  // namespace stagedoor::api
