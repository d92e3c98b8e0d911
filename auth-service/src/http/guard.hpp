// What has to hold before a handler does anything: where a request comes from, what its body claims to be, who is
// behind it.
#pragma once

#include <optional>

#include "common/core/errc.hpp"
#include "common/core/origin.hpp"
#include "common/core/user.hpp"
#include "common/http/service.hpp"

namespace stagedoor::api {

// Lets requests that change something pass only from our own pages and with JSON bodies (OWASP CSRF: Fetch metadata
// first, then Origin; ASVS 5.0 3.5.1 to 3.5.3). In this order:
// errc::cross_origin: neither `Sec-Fetch-Site: same-origin` nor an allowed Origin.
// errc::unsupported_media_type: there is a body or a Content-Type, and it is not application/json.
class guarded_service final : public http::service {
public:
    guarded_service(http::service& inner, const allowed_origins& origins) : inner_{inner}, origins_{origins} {}

    runtime::task<http::response> handle(http::request& incoming) override;

private:
    http::service& inner_;
    const allowed_origins& origins_;
};

// errc::forbidden for another role, account_* for another status than active.
result<void> require_admin(const user_facts& user) noexcept;

// A stage manager who is pending or active: errc::forbidden, errc::account_rejected, errc::account_suspended.
result<void> require_stage_manager(const user_facts& user) noexcept;

}  // namespace stagedoor::api
