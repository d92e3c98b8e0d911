#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "common/ops/security_events.hpp"

namespace stagedoor::api {
namespace {

// The user that a request names in its path.
runtime::task<result<user_facts>> find_user(context& with, const http::request& request) {
    const auto id = user_id::parse(request.parameter("id"));
    if (!id) co_return errc::not_found;
    auto user = co_await with.users.find(*id);
    co_return user;
}

// What an admin has done to somebody is a security event, like an attempt that failed.
void log_end_by_admin(const http::request& request, std::string_view ended, const user_facts& whose) {
    ops::log_security_event("authz_admin", request, {{"action", ended}, {"subject", whose.id.text()}});
}

}  // namespace

answer list_sessions_of(context& with, const http::request& request, admin_caller by) {
    const auto user = co_await find_user(with, request);
    if (!user) co_return refuse(user.error());
    const auto sessions = co_await with.endings.living(user->id);
    if (!sessions) co_return refuse(sessions.error());
    const auto asking = by.session ? by.session->session : session_id{};
    co_return http::response::json(200, sessions_json(*sessions, asking));
}

answer end_sessions_of(context& with, const http::request& request, admin_caller by) {
    if (auto complaint = complaint_about_body(request)) co_return std::move(*complaint);
    const auto user = co_await find_user(with, request);
    if (!user) co_return refuse(user.error());
    auto who = by.actor();
    const auto ended = co_await with.endings.end_all(user->id, std::move(who));
    if (!ended) co_return refuse(ended.error());
    log_end_by_admin(request, "end_all_sessions", *user);
    co_return http::response{204};
}

answer end_session_of(context& with, const http::request& request, admin_caller by) {
    if (auto complaint = complaint_about_body(request)) co_return std::move(*complaint);
    const auto user = co_await find_user(with, request);
    if (!user) co_return refuse(user.error());
    const auto id = session_id::parse(request.parameter("sid"));
    if (!id) co_return refuse(errc::not_found);
    session::session_ref which{user->id, *id};
    auto who = by.actor();
    const auto ended = co_await with.endings.end_one(which, errc::session_ended_by_admin, std::move(who));
    if (!ended) co_return refuse(ended.error());
    log_end_by_admin(request, "end_session", *user);
    co_return http::response{204};
}

}  // namespace stagedoor::api
