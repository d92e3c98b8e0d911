#include "auth-service/src/http/handlers.hpp"

#include <spdlog/spdlog.h>

#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/people.hpp"
#include "auth-service/src/http/rate_limits.hpp"
#include "auth-service/src/user/email.hpp"
#include "common/ops/security_events.hpp"

namespace stagedoor::api {
namespace {

// As sent, cut to what the ledger keeps; bytes that are not printable ASCII are replaced.
std::string kept_user_agent(std::string_view user_agent) {
    std::string name{user_agent.substr(0, limits::user_agent_bytes)};
    for (auto& c : name) {
        if (c < 0x20 || c > 0x7e) c = '?';
    }
    return name;
}

answer me_by_reading(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    co_return http::response::json(200, me_json(who->who, who->user, who->record, with.timeouts));
}

}  // namespace

answer register_user(context& with, const http::request& request) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());

    user::registration wanted;
    wanted.email = read_email(*body);
    wanted.password = read_new_password(*body, "password", wanted.email);
    wanted.display_name = read_display_name(*body);
    wanted.address = request.client_address().to_string();
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    if (with.accounts.full()) co_return refuse_account(with.accounts, errc::overloaded);
    const auto admitted = co_await with.gate.admit_registration(request.client_address());
    if (admitted.refused()) co_return refuse_for_now(request, admitted);
    auto created = co_await with.accounts.register_manager(std::move(wanted));
    if (!created) co_return refuse_account(with.accounts, created.error());
    if (created->event) {
        approval::outbox_row row{created->outbox_id, std::move(*created->event)};
        co_await with.relay.deliver(std::move(row));
    }
    auto registered = http::response::json(201, user_json(created->facts));
    add_rate_limit_fields(registered, admitted);
    co_return registered;
}

answer login(context& with, const http::request& request) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());

    const auto email = body->text("email", {1, limits::email_bytes});
    auto password = body->text("password", {1, limits::password_max_chars});
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    // A flood costs what it takes to refuse it: nobody is asked, and nothing is counted.
    if (with.accounts.full()) co_return refuse_account(with.accounts, errc::overloaded);
    // A text that is no address is an address that nobody has: the answer and its time are the same.
    const auto applicant = applicant_of(request, user::normalise_email(email).value_or(""));
    auto admitted = co_await with.gate.admit_sign_in(applicant);
    if (admitted.refused()) co_return refuse_for_now(request, admitted);
    auto verified = co_await with.accounts.verify(applicant.email, std::move(password));
    const bool was_wrong = !verified && verified.error() == errc::invalid_credentials;
    if (!was_wrong) admitted = co_await with.gate.forgive(std::move(admitted));
    if (!verified) {
        if (was_wrong) request.about() = with.gate.name_of_account(applicant.email);
        auto refused = refuse_account(with.accounts, verified.error());
        add_rate_limit_fields(refused, admitted);
        co_return refused;
    }
    const auto facts = std::move(*verified);

    session::device from{kept_user_agent(request.header("User-Agent")), request.client_address().to_string()};
    auto begun = co_await with.sessions.sign_in(facts, std::move(from), request.header("Cookie"));
    if (!begun) co_return refuse(begun.error());
    co_await with.endings.tell(std::move(begun->ends));
    const auto& who = begun->cookie.who;
    request.asked_by() = who;
    ops::log_security_event("authn_login_success", request);
    auto signed_in = http::response::json(200, signed_in_json(facts));
    signed_in.add("Set-Cookie", with.cookie.set(begun->cookie.token, begun->cookie.max_age));
    signed_in.add("Set-Cookie", with.gate.remember(applicant));
    add_rate_limit_fields(signed_in, admitted);
    co_return signed_in;
}

answer logout(context& with, const http::request& request) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    auto from = request.client_address().to_string();
    const auto ended = co_await with.endings.sign_out(request.header("Cookie"), std::move(from), &request.asked_by());
    if (!ended) co_return refuse(ended.error());
    co_return signed_out_here(with);
}

answer me(context& with, const http::request& request) {
    // The call that is asked most: of a remembered session nothing is written twice, nor is there a frame for what
    // reading it would need.
    const auto known = with.sessions.recognise(request.header("Cookie"));
    if (!known) return me_by_reading(with, request);
    request.asked_by() = known->who;
    const auto& kept = known->what->answer;
    if (!kept.empty()) return answer_with(http::response::json(200, kept));
    auto text = me_json(known->who, known->what->facts, known->what->record, with.timeouts);
    with.sessions.keep_answer(known->who, text);
    return answer_with(http::response::json(200, std::move(text)));
}

answer refresh_session(context& with, const http::request& request) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    const auto ack_version = body->optional_integer("ackVersion");
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    spdlog::debug("session refresh: requested ({})", request.request_id());
    const auto refreshed = co_await with.sessions.refresh(request.header("Cookie"), ack_version, &request.asked_by());
    if (!refreshed) {
        spdlog::debug("session refresh: refused ({}): {}", request.request_id(),
                      problem_of(to_errc(refreshed.error())).code);
        co_return refuse(refreshed.error());
    }
    spdlog::debug("session refresh: successful ({}): status {}", request.request_id(),
                  refreshed->status_changed ? "changed" : "not changed");
    auto told = http::response::json(200, refreshed_json(*refreshed));
    if (refreshed->cookie) {
        told.add("Set-Cookie", with.cookie.set(refreshed->cookie->token, refreshed->cookie->max_age));
    }
    co_return told;
}

}  // namespace stagedoor::api
