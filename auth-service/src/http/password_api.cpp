#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/people.hpp"
#include "auth-service/src/http/rate_limits.hpp"
#include "common/ops/security_events.hpp"

namespace stagedoor::api {
namespace {

constexpr body_reader::bounds present_bounds{1, limits::password_max_chars};

}  // namespace

answer change_password(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());

    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    user::password_wish wish;
    wish.user = who->user.id;
    wish.asking = who->who.session;
    wish.address = request.client_address().to_string();
    wish.present = body->text("currentPassword", present_bounds);
    wish.next = read_new_password(*body, "newPassword", who->user.email);
    if (!wish.next.empty() && wish.next == wish.present) {
        body->complain("newPassword", "must not be the present password");
    }
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    auto admitted = co_await with.gate.admit_password_change(wish.asking, request.client_address());
    if (admitted.refused()) co_return refuse_for_now(request, admitted);
    auto changed = co_await with.accounts.change_password(std::move(wish));
    const bool was_wrong = !changed && changed.error() == errc::wrong_password;
    if (!was_wrong) admitted = co_await with.gate.forgive(std::move(admitted));
    if (!changed) {
        if (changed.error() == errc::session_revoked) {
            const auto why = co_await with.sessions.why_over(who->who);
            co_return refuse(why);
        }
        auto refused = refuse_account(with.accounts, changed.error());
        add_rate_limit_fields(refused, admitted);
        co_return refused;
    }
    ops::log_security_event("authn_password_change", request);
    auto answered = http::response::json(200, user_json(changed->facts));
    add_rate_limit_fields(answered, admitted);
    const auto told = co_await with.endings.tell(std::move(*changed));
    if (told == approval::delivery::pending) co_return answered;  // Redis is away: nothing rotates (K10)

    // A new password gets a new token, by the rules of every rotation (K3): no other tab is signed out by it. Whatever
    // keeps that from happening, the password is changed.
    const auto rotated = co_await with.sessions.refresh(request.header("Cookie"), std::nullopt);
    if (rotated && rotated->cookie) {
        answered.add("Set-Cookie", with.cookie.set(rotated->cookie->token, rotated->cookie->max_age));
    }
    co_return answered;
}

}  // namespace stagedoor::api
