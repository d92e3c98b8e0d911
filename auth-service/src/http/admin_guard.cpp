#include "auth-service/src/http/admin_guard.hpp"

#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/kept_answers.hpp"
#include "common/http/field.hpp"

namespace stagedoor::api {
namespace {

using runtime::task;

bool reaches(admin::token_scope given, admin_right needed) noexcept {
    switch (needed) {
        case admin_right::read:
            return true;
        case admin_right::approve:
            return admin::reaches(given, admin::token_scope::approve);
        case admin_right::owner:
            return false;
    }
    return false;
}

task<result<admin_caller>> identify_by_token(context& with, const http::request& request, std::string token,
                                             admin_right needed) {
    std::optional<admin::token_service::seen_token> seen;
    const auto client = request.client_address();
    const auto found = co_await with.tokens.authenticate(std::move(token), client, &seen);
    if (seen) request.asked_by_token() = http::request::token_ref{seen->owner, seen->token.bytes};
    if (!found) co_return found.error();
    if (!reaches(found->scope, needed)) co_return errc::insufficient_scope;
    co_return admin_caller{found->owner, std::nullopt, found->token, client.to_string()};
}

task<result<admin_caller>> identify_by_cookie(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return who.error();
    if (const auto allowed = require_admin(who->user); !allowed) co_return allowed.error();
    co_return admin_caller{who->user, who->who, std::nullopt, request.client_address().to_string()};
}

// By token or by cookie.
task<result<admin_caller>> identify_admin(context& with, const http::request& request, admin_right needed) {
    const auto token = bearer_token(request);
    if (token) return identify_by_token(with, request, std::string{*token}, needed);
    return identify_by_cookie(with, request);
}

http::response refuse_caller(context& with, const http::request& request, const boost::system::error_code& error) {
    const auto why = to_errc(error);
    if (why != errc::rate_limited) return refuse(why);
    return http::response::problem(why, {}, {}, with.tokens.retry_after(request.client_address()));
}

}  // namespace

user::actor admin_caller::actor() const {
    return {user.id.text(), token ? "token" : "api", address, token ? token->text() : ""};
}

std::string admin_caller::name() const { return token ? "token:" + token->text() : "user:" + user.id.text(); }

std::optional<std::string_view> bearer_token(const http::request& request) noexcept {
    constexpr std::string_view scheme = "Bearer ";
    const auto field = request.header("Authorization");
    if (!request.path().starts_with(admin_paths) || field.size() <= scheme.size()) return std::nullopt;
    if (!http::equal_ignoring_case(field.substr(0, scheme.size()), scheme)) return std::nullopt;
    return trim(field.substr(scheme.size()));
}

task<std::optional<http::response>> refuse_large(context& with, const http::request& request, admin_right needed) {
    const auto caller = co_await identify_admin(with, request, needed);
    if (!caller) co_return refuse_caller(with, request, caller.error());
    co_return std::nullopt;
}

answer call_as_admin(context& with, const http::request& request, admin_right needed, admin_handler handle) {
    auto caller = co_await identify_admin(with, request, needed);
    if (!caller) co_return refuse_caller(with, request, caller.error());
    const auto key = request.find_header("Idempotency-Key");
    auto answering = key && changes_something(request) ? answer_once(with, request, std::move(*caller), handle)
                                                       : handle(with, request, std::move(*caller));
    auto answered = co_await std::move(answering);
    co_return answered;
}

}  // namespace stagedoor::api
