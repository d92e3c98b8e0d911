#include "common/core/close_code.hpp"

#include <algorithm>

namespace stagedoor {

const close_rule& rule_of(close_code code) noexcept {
    return *std::ranges::find(close_table, code, &close_rule::code);
}

std::string_view to_string(reconnect advice) noexcept {
    switch (advice) {
        case reconnect::never: return "never";
        case reconnect::now: return "now";
        case reconnect::after: return "after";
        case reconnect::after_refresh: return "after-refresh";
    }
    return "never";
}

close_code close_code_of(errc error) noexcept {
    switch (error) {
        case errc::no_session:
        case errc::session_invalid:
        case errc::session_expired_idle:
        case errc::session_expired_absolute:
        case errc::session_revoked:
        case errc::session_signed_out:
        case errc::session_displaced:
        case errc::session_ended_elsewhere:
        case errc::session_ended_by_admin:
        case errc::invalid_credentials:
        case errc::token_invalid:
        case errc::token_expired:
        case errc::token_revoked: return close_code::session_over;
        case errc::account_suspended: return close_code::account_suspended;
        // Only the ledger can tell, and it is auth-service's (N5).
        case errc::session_unknown:
        case errc::session_token_reused: return close_code::session_unclear;
        case errc::shutting_down: return close_code::draining;
        case errc::rate_limited: return close_code::too_many_sockets;
        case errc::bad_request:
        case errc::malformed_json:
        case errc::cross_origin:
        case errc::forbidden:
        case errc::insufficient_scope:
        case errc::account_pending:
        case errc::account_rejected:
        case errc::wrong_password:
        case errc::not_found:
        case errc::method_not_allowed:
        case errc::request_timeout:
        case errc::invalid_transition:
        case errc::version_conflict:
        case errc::email_taken:
        case errc::password_changed:
        case errc::too_many_tokens:
        case errc::idempotency_key_reused:
        case errc::idempotency_key_in_flight:
        case errc::payload_too_large:
        case errc::uri_too_long:
        case errc::unsupported_media_type:
        case errc::validation_failed:
        case errc::upgrade_required:
        case errc::headers_too_large:
        case errc::internal_error:
        case errc::not_implemented:
        case errc::redis_unavailable:
        case errc::redis_protocol:
        case errc::database_unavailable:
        case errc::database_busy:
        case errc::overloaded: return close_code::try_again_later;
    }
    return close_code::try_again_later;
}

}  // namespace stagedoor
