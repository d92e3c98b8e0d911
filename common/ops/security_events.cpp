#include "common/ops/security_events.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "common/core/secrets.hpp"

namespace stagedoor::ops {
namespace {

using enum obs::log::level;

constexpr std::array events{
    security_event{errc::invalid_credentials, "authn_login_fail", warn},
    security_event{errc::session_token_reused, "authn_token_reuse", warn},
    security_event{errc::session_expired_idle, "session_expired", info},
    security_event{errc::session_expired_absolute, "session_expired", info},
    security_event{errc::session_revoked, "session_use_after_expire", info},
    security_event{errc::session_signed_out, "session_use_after_expire", info},
    security_event{errc::session_displaced, "session_use_after_expire", info},
    security_event{errc::session_ended_elsewhere, "session_use_after_expire", info},
    security_event{errc::session_ended_by_admin, "session_use_after_expire", info},
    security_event{errc::wrong_password, "authn_password_change_fail", warn},
    security_event{errc::cross_origin, "malicious_csrf", warn},
    security_event{errc::token_invalid, "authn_token_fail", warn},
    security_event{errc::token_expired, "authn_token_expired", info},
    security_event{errc::token_revoked, "authn_token_revoked", warn},
    security_event{errc::forbidden, "authz_fail", warn},
    security_event{errc::insufficient_scope, "authz_fail", warn},
    security_event{errc::account_pending, "authz_fail", info},
    security_event{errc::account_rejected, "authz_fail", info},
    security_event{errc::account_suspended, "authz_fail", info},
    security_event{errc::rate_limited, "excess_rate_limit_exceeded", warn},
};

void write(obs::log::level at, std::string_view name, const http::request& request,
           std::initializer_list<obs::log::field> first) {
    if (!obs::log::enabled(at)) return;
    std::vector<obs::log::field> fields{first};
    fields.push_back({"request_id", request.request_id()});
    std::string user, session;
    if (const auto& who = request.asked_by()) {
        user = who->user.text();
        session = session_hash(who->session);
        fields.push_back({"user", user});
        fields.push_back({"session", session});
    } else if (const auto& token = request.asked_by_token()) {
        user = token->user.text();
        session = format_uuid(token->token);
        fields.push_back({"user", user});
        fields.push_back({"token", session});
    }
    if (!request.about().empty()) fields.push_back({"about", request.about()});
    obs::log::write(at, name, fields);
}

}  // namespace

const security_event* security_event_of(errc error) noexcept {
    const auto found = std::ranges::find(events, error, &security_event::error);
    return found == events.end() ? nullptr : &*found;
}

void log_security_event(errc error, const http::request& request) {
    const auto* const event = security_event_of(error);
    if (event) write(event->at, event->name, request, {{"code", problem_of(error).code}, {"path", request.path()}});
}

void log_security_event(std::string_view name, const http::request& request,
                        std::initializer_list<obs::log::field> more) {
    write(info, name, request, more);
}

}  // namespace stagedoor::ops
