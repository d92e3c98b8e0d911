#include "auth-service/src/http/guard.hpp"

namespace stagedoor::api {
namespace {

bool changes_something(http::method verb) noexcept { return verb != http::method::get && verb != http::method::head; }

bool comes_from_us(const http::request& request, const allowed_origins& origins) {
    if (request.header("Sec-Fetch-Site") == "same-origin") return true;
    return origins.contains(request.header("Origin"));
}

bool has_acceptable_body(const http::request& request) {
    return request.has_json_type() || (request.body().empty() && !request.find_header("Content-Type"));
}

runtime::task<http::response> refuse_with(errc error) { co_return http::response::problem(error); }

// The reason why a user of this status is kept out; nothing for an active one.
std::optional<errc> kept_out(user_status status) noexcept {
    switch (status) {
        case user_status::pending: return errc::account_pending;
        case user_status::active: return std::nullopt;
        case user_status::rejected: return errc::account_rejected;
        case user_status::suspended: return errc::account_suspended;
    }
    return errc::forbidden;
}

}  // namespace

runtime::task<http::response> guarded_service::handle(http::request& incoming) {
    if (changes_something(incoming.verb())) {
        if (!comes_from_us(incoming, origins_)) return refuse_with(errc::cross_origin);
        if (!has_acceptable_body(incoming)) return refuse_with(errc::unsupported_media_type);
    }
    return inner_.handle(incoming);
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
