// What has to hold before a handler does anything: where a request comes from, what its body claims to be, who is
// behind it.
#pragma once

#include <optional>

#include "auth-service/src/http/context.hpp"
#include "common/core/errc.hpp"
#include "common/core/origin.hpp"
#include "common/core/user.hpp"
#include "common/http/service.hpp"

namespace stagedoor::api {

// The call for gateways, which changes nothing by whatever method it is made.
inline constexpr std::string_view verify_path = "/api/auth/verify";

// Whether the call may change something. OPTIONS and methods that nobody serves do not: the router says 405.
bool changes_something(const http::request& request) noexcept;

// Lets requests that change something pass only from our own pages and with JSON bodies (OWASP CSRF: Fetch metadata
// first, then Origin; ASVS 5.0 3.5.1 to 3.5.3). In this order:
// errc::cross_origin: neither `Sec-Fetch-Site: same-origin` nor an allowed Origin. `same-site`, `cross-site` and `none`
// (an address that was typed: no page of ours) need the Origin as well. errc::unsupported_media_type: there is a body
// or a Content-Type, and it is not application/json. Calls with an API token may come from anywhere.
//
// Pages of an allowed origin, and no others, may read the answers with credentials (CORS; Fetch standard, section 3.2):
// the origin is named, never reflected, and preflights are answered here. That answers differ by origin
// (`Vary: Origin`) is said by the listener, in all of them.
class guarded_service final : public http::service {
public:
    guarded_service(http::service& inner, const allowed_origins& origins) : inner_{inner}, origins_{origins} {}

    runtime::task<http::response> handle(http::request& incoming) override;
    // By the same rules.
    runtime::task<std::optional<http::response>> may_be_large(http::request& incoming) override;

private:
    std::optional<http::response> complaint_about(const http::request& incoming) const;
    runtime::task<http::response> answer(http::request& incoming);

    http::service& inner_;
    const allowed_origins& origins_;
};

// The living session behind a request; the log hears whose it is, also when it is refused.
inline runtime::task<result<session::principal>> who_asks(context& with, const http::request& request) {
    return with.sessions.authenticate(request.header("Cookie"), &request.asked_by());
}

// The one who asks, as the audit log has them.
inline user::actor actor_of(const session::principal& who, const http::request& request) {
    return {who.user.id.text(), "api", request.client_address().to_string()};
}

// Why a user of this status is kept out; nothing for an active one.
std::optional<errc> kept_out(user_status status) noexcept;

// errc::forbidden for another role, account_* for another status than active.
result<void> require_admin(const user_facts& user) noexcept;

// A stage manager who is pending or active: errc::forbidden, errc::account_rejected, errc::account_suspended.
result<void> require_stage_manager(const user_facts& user) noexcept;

}  // namespace stagedoor::api
