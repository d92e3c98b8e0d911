#include "auth-service/src/http/guard.hpp"

#include "auth-service/src/http/admin_guard.hpp"
#include "auth-service/src/http/handlers.hpp"

namespace stagedoor::api {
namespace {

bool is_preflight(const http::request& request) noexcept {
    return request.verb() == http::method::options && request.find_header("Access-Control-Request-Method");
}

// How long a browser may remember that a page's origin is allowed: it has to ask again soon after that has changed.
constexpr std::string_view preflight_seconds = "600";

http::response preflight_answer(std::string_view origin) {
    http::response allowed{204};
    allowed.add("Access-Control-Allow-Origin", std::string{origin});
    allowed.add("Access-Control-Allow-Credentials", "true");
    allowed.add("Access-Control-Allow-Methods", "GET, HEAD, POST, PATCH, DELETE");
    allowed.add("Access-Control-Allow-Headers", "Content-Type, Idempotency-Key, traceparent");
    allowed.add("Access-Control-Max-Age", std::string{preflight_seconds});
    return allowed;
}

// Lets pages of `origin` read the answer, whatever it is.
runtime::task<http::response> readable_by(std::string_view origin, runtime::task<http::response> answering) {
    auto answered = co_await std::move(answering);
    if (answered.hands_over()) co_return answered;
    answered.add("Access-Control-Allow-Origin", std::string{origin});
    answered.add("Access-Control-Allow-Credentials", "true");
    answered.add("Access-Control-Expose-Headers",
                 "Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed");
    co_return answered;
}

bool comes_from_us(const http::request& request, const allowed_origins& origins) {
    if (request.header("Sec-Fetch-Site") == "same-origin") return true;
    return origins.contains(request.header("Origin"));
}

bool has_acceptable_body(const http::request& request) {
    return request.has_json_type() || (request.body().empty() && !request.find_header("Content-Type"));
}

// A browser sends its Origin with whatever changes something; other clients have to be told to.
http::response refuse_stranger(const http::request& request) {
    if (request.find_header("Origin")) return http::response::problem(errc::cross_origin);
    return http::response::problem(errc::cross_origin, "The request names no Origin; it has to be one of ours.");
}

}  // namespace

bool changes_something(const http::request& request) noexcept {
    using enum http::method;
    const auto verb = request.verb();
    return (verb == post || verb == put || verb == patch || verb == del) && request.path() != verify_path;
}

runtime::task<http::response> guarded_service::handle(http::request& incoming) {
    const auto origin = incoming.header("Origin");
    const bool from_allowed = !origin.empty() && origins_.contains(origin);
    if (is_preflight(incoming)) {
        return answer_with(from_allowed ? preflight_answer(origin) : refuse_stranger(incoming));
    }
    auto answering = answer(incoming);
    return from_allowed ? readable_by(origin, std::move(answering)) : std::move(answering);
}

std::optional<http::response> guarded_service::complaint_about(const http::request& incoming) const {
    if (!changes_something(incoming)) return std::nullopt;
    // An API token is no cookie: no page can make a browser send somebody's.
    if (!bearer_token(incoming) && !comes_from_us(incoming, origins_)) return refuse_stranger(incoming);
    if (!has_acceptable_body(incoming)) return http::response::problem(errc::unsupported_media_type);
    return std::nullopt;
}

runtime::task<http::response> guarded_service::answer(http::request& incoming) {
    auto complaint = complaint_about(incoming);
    return complaint ? answer_with(std::move(*complaint)) : inner_.handle(incoming);
}

runtime::task<std::optional<http::response>> guarded_service::may_be_large(http::request& incoming) {
    auto complaint = complaint_about(incoming);
    if (complaint) co_return std::move(*complaint);
    auto refused = co_await inner_.may_be_large(incoming);
    co_return refused;
}

std::optional<errc> kept_out(user_status status) noexcept {
    switch (status) {
        case user_status::pending:
            return errc::account_pending;
        case user_status::active:
            return std::nullopt;
        case user_status::rejected:
            return errc::account_rejected;
        case user_status::suspended:
            return errc::account_suspended;
    }
    return errc::forbidden;
}

result<void> require_admin(const user_facts& user) noexcept {
    if (user.role != user_role::admin) return errc::forbidden;
    if (const auto why = kept_out(user.status)) return *why;
    return {};
}

result<void> require_stage_manager(const user_facts& user) noexcept {
    if (user.role != user_role::stage_manager) return errc::forbidden;
    const auto why = kept_out(user.status);
    if (why && why != errc::account_pending) return *why;
    return {};
}

}  // namespace stagedoor::api
