#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"

namespace stagedoor::api {

answer logout_all(context& with, const http::request& request) {
    if (auto complaint = complaint_about_body(request)) co_return std::move(*complaint);
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());

    auto by = actor_of(*who, request);
    const auto ended = co_await with.endings.end_all(who->user.id, std::move(by));
    if (!ended) co_return refuse(ended.error());
    co_return signed_out_here(with);
}

answer list_sessions(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    const auto sessions = co_await with.endings.living(who->user.id);
    if (!sessions) co_return refuse(sessions.error());
    co_return http::response::json(200, sessions_json(*sessions, who->who.session));
}

answer end_session(context& with, const http::request& request) {
    if (auto complaint = complaint_about_body(request)) co_return std::move(*complaint);
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    const auto id = session_id::parse(request.parameter("id"));
    if (!id) co_return refuse(errc::not_found);

    const bool own = *id == who->who.session;
    const auto reason = own ? errc::session_signed_out : errc::session_ended_elsewhere;
    session::session_ref which{who->user.id, *id};
    auto by = actor_of(*who, request);
    const auto ended = co_await with.endings.end_one(which, reason, std::move(by));
    if (!ended) co_return refuse(ended.error());
    http::response done{204};
    if (own) clear_browser(done, with);
    co_return done;
}

}  // namespace stagedoor::api
