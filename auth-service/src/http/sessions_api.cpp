#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "common/ops/security_events.hpp"

namespace stagedoor::api {
namespace {

using runtime::task;

// Nothing is to be said in the bodies of these calls.
result<void> read_nothing(const http::request& request, std::vector<field_error>& errors) {
    auto body = body_reader::parse(request.body());
    if (!body) return body.error();
    if (body->finish()) return {};
    errors = body->errors();
    return errc::validation_failed;
}

// The admin behind a request that names a user in its path, and that user.
struct admin_and_user {
    session::principal admin;
    user_facts user;
};
task<result<admin_and_user>> find_admin_and_user(context& with, const http::request& request) {
    auto who = co_await who_asks(with, request);
    if (!who) co_return who.error();
    if (const auto allowed = require_admin(who->user); !allowed) co_return allowed.error();
    const auto id = user_id::parse(request.parameter("id"));
    if (!id) co_return errc::not_found;
    auto user = co_await with.users.find(*id);
    if (!user) co_return user.error();
    co_return admin_and_user{std::move(*who), std::move(*user)};
}

// What an admin has done to somebody is a security event, like an attempt that failed.
void log_end_by_admin(const http::request& request, std::string_view ended, const user_facts& whose) {
    ops::log_security_event("authz_admin", request, {{"action", ended}, {"subject", whose.id.text()}});
}

}  // namespace

answer logout_all(context& with, const http::request& request) {
    std::vector<field_error> errors;
    if (const auto read = read_nothing(request, errors); !read) co_return refuse(to_errc(read.error()), errors);
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());

    user::actor by{who->user.id.text()};
    const auto ended = co_await with.endings.end_all(who->user.id, std::move(by));
    if (!ended) co_return refuse(ended.error());
    co_return signed_out_here(with.cookie);
}

answer list_sessions(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    const auto sessions = co_await with.endings.living(who->user.id);
    if (!sessions) co_return refuse(sessions.error());
    co_return http::response::json(200, sessions_json(*sessions, who->who.session));
}

answer end_session(context& with, const http::request& request) {
    std::vector<field_error> errors;
    if (const auto read = read_nothing(request, errors); !read) co_return refuse(to_errc(read.error()), errors);
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    const auto id = session_id::parse(request.parameter("id"));
    if (!id) co_return refuse(errc::not_found);

    const bool own = *id == who->who.session;
    const auto reason = own ? errc::session_signed_out : errc::session_ended_elsewhere;
    session::session_ref which{who->user.id, *id};
    user::actor by{who->user.id.text()};
    const auto ended = co_await with.endings.end_one(which, reason, std::move(by));
    if (!ended) co_return refuse(ended.error());
    http::response done{204};
    if (own) clear_browser(done, with.cookie);
    co_return done;
}

answer list_sessions_of(context& with, const http::request& request) {
    const auto both = co_await find_admin_and_user(with, request);
    if (!both) co_return refuse(both.error());
    const auto sessions = co_await with.endings.living(both->user.id);
    if (!sessions) co_return refuse(sessions.error());
    co_return http::response::json(200, sessions_json(*sessions, both->admin.who.session));
}

answer end_sessions_of(context& with, const http::request& request) {
    std::vector<field_error> errors;
    if (const auto read = read_nothing(request, errors); !read) co_return refuse(to_errc(read.error()), errors);
    const auto both = co_await find_admin_and_user(with, request);
    if (!both) co_return refuse(both.error());

    user::actor by{both->admin.user.id.text()};
    const auto ended = co_await with.endings.end_all(both->user.id, std::move(by));
    if (!ended) co_return refuse(ended.error());
    log_end_by_admin(request, "end_all_sessions", both->user);
    co_return http::response{204};
}

answer end_session_of(context& with, const http::request& request) {
    std::vector<field_error> errors;
    if (const auto read = read_nothing(request, errors); !read) co_return refuse(to_errc(read.error()), errors);
    const auto both = co_await find_admin_and_user(with, request);
    if (!both) co_return refuse(both.error());
    const auto id = session_id::parse(request.parameter("sid"));
    if (!id) co_return refuse(errc::not_found);

    session::session_ref which{both->user.id, *id};
    user::actor by{both->admin.user.id.text()};
    const auto ended = co_await with.endings.end_one(which, errc::session_ended_by_admin, std::move(by));
    if (!ended) co_return refuse(ended.error());
    log_end_by_admin(request, "end_session", both->user);
    co_return http::response{204};
}

}  // namespace stagedoor::api
