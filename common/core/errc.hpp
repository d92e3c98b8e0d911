// Everything that can go wrong in Stagedoor and is told to somebody, as one enum and one table.
// Expected outcomes (a wrong password) and absent infrastructure (Redis away) are values of it; exceptions mean bugs.
#pragma once

#include <array>
#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <string_view>

namespace stagedoor {

enum class errc : std::uint8_t {
    // 400: the request cannot be read
    bad_request = 1,
    malformed_json,
    // 401: there is no living session behind this request, and why
    no_session,
    session_invalid,
    session_unknown,
    session_expired_idle,
    session_expired_absolute,
    session_revoked,
    session_signed_out,
    session_token_reused,
    session_displaced,
    session_ended_elsewhere,
    session_ended_by_admin,
    invalid_credentials,
    token_invalid,
    token_expired,
    token_revoked,
    // 403: the session lives, but may not do this
    cross_origin,
    forbidden,
    insufficient_scope,
    account_pending,
    account_rejected,
    account_suspended,
    wrong_password,
    // 404 to 431: what HTTP itself has names for
    not_found,
    method_not_allowed,
    request_timeout,
    invalid_transition,
    version_conflict,
    email_taken,
    password_changed,
    too_many_tokens,
    idempotency_key_reused,
    idempotency_key_in_flight,
    payload_too_large,
    uri_too_long,
    unsupported_media_type,
    validation_failed,
    upgrade_required,
    rate_limited,
    headers_too_large,
    // 5xx: ours
    internal_error,
    not_implemented,
    redis_unavailable,
    redis_protocol,
    database_unavailable,
    database_busy,
    overloaded,
    shutting_down,
};

// One row of the table of problems (RFC 9457). `code` is stable: clients may depend on it for ever.
struct problem_type {
    errc error;
    std::uint16_t status;    // HTTP status, 400..599
    std::string_view code;   // snake_case, the `code` member and the end of the `type` URN
    std::string_view title;  // one short sentence, the same for every occurrence (RFC 9457 section 3.1.4)
};

inline constexpr std::array problem_table{
    problem_type{errc::bad_request, 400, "bad_request", "The request could not be understood."},
    problem_type{errc::malformed_json, 400, "malformed_json", "The body is not valid JSON in UTF-8."},
    problem_type{errc::no_session, 401, "no_session", "You are not signed in."},
    problem_type{errc::session_invalid, 401, "session_invalid", "The session cookie is not one of ours."},
    problem_type{errc::session_unknown, 401, "session_unknown", "This session is not known."},
    problem_type{errc::session_expired_idle, 401, "session_expired_idle", "The session was unused for too long."},
    problem_type{errc::session_expired_absolute, 401, "session_expired_absolute",
                 "The session has reached its age limit."},
    problem_type{errc::session_revoked, 401, "session_revoked", "The session was ended."},
    problem_type{errc::session_signed_out, 401, "session_signed_out", "The session was signed out."},
    problem_type{errc::session_token_reused, 401, "session_token_reused", "An outdated session token was used again."},
    problem_type{errc::session_displaced, 401, "session_displaced", "A newer sign-in took the place of this session."},
    problem_type{errc::session_ended_elsewhere, 401, "session_ended_elsewhere",
                 "The session was ended from another device."},
    problem_type{errc::session_ended_by_admin, 401, "session_ended_by_admin", "The session was ended by an admin."},
    problem_type{errc::invalid_credentials, 401, "invalid_credentials", "E-mail or password is wrong."},
    problem_type{errc::token_invalid, 401, "token_invalid", "The API token is not one of ours."},
    problem_type{errc::token_expired, 401, "token_expired", "The API token has expired."},
    problem_type{errc::token_revoked, 401, "token_revoked", "The API token was revoked."},
    problem_type{errc::cross_origin, 403, "cross_origin", "Requests from this origin are not allowed."},
    problem_type{errc::forbidden, 403, "forbidden", "Your role does not allow this."},
    problem_type{errc::insufficient_scope, 403, "insufficient_scope", "The API token does not reach that far."},
    problem_type{errc::account_pending, 403, "account_pending", "The account is waiting for approval."},
    problem_type{errc::account_rejected, 403, "account_rejected", "The account was rejected."},
    problem_type{errc::account_suspended, 403, "account_suspended", "The account is suspended."},
    problem_type{errc::wrong_password, 403, "wrong_password", "The present password is wrong."},
    problem_type{errc::not_found, 404, "not_found", "There is nothing here."},
    problem_type{errc::method_not_allowed, 405, "method_not_allowed", "This method is not allowed here."},
    problem_type{errc::request_timeout, 408, "request_timeout", "The request took too long to arrive."},
    problem_type{errc::invalid_transition, 409, "invalid_transition",
                 "The account's status does not allow this transition."},
    problem_type{errc::version_conflict, 409, "version_conflict", "The account has changed since it was looked at."},
    problem_type{errc::email_taken, 409, "email_taken", "There is an account with this e-mail."},
    problem_type{errc::password_changed, 409, "password_changed", "The password was changed meanwhile."},
    problem_type{errc::too_many_tokens, 409, "too_many_tokens", "There are too many living API tokens."},
    problem_type{errc::idempotency_key_reused, 409, "idempotency_key_reused",
                 "The Idempotency-Key came with another request before."},
    problem_type{errc::idempotency_key_in_flight, 409, "idempotency_key_in_flight",
                 "The first request with this Idempotency-Key is under way."},
    problem_type{errc::payload_too_large, 413, "payload_too_large", "The body is too large."},
    problem_type{errc::uri_too_long, 414, "uri_too_long", "The address is too long."},
    problem_type{errc::unsupported_media_type, 415, "unsupported_media_type", "The body has to be application/json."},
    problem_type{errc::validation_failed, 422, "validation_failed", "Some fields are not as they have to be."},
    problem_type{errc::upgrade_required, 426, "upgrade_required", "This address speaks WebSocket only."},
    problem_type{errc::rate_limited, 429, "rate_limited", "Too many requests."},
    problem_type{errc::headers_too_large, 431, "headers_too_large", "The header fields are too large."},
    problem_type{errc::internal_error, 500, "internal_error", "Something went wrong on our side."},
    problem_type{errc::not_implemented, 501, "not_implemented",
                 "The request uses a feature that this server does not have."},
    problem_type{errc::redis_unavailable, 503, "redis_unavailable",
                 "The session store cannot be reached at the moment."},
    problem_type{errc::redis_protocol, 503, "redis_protocol", "The session store answered in an unexpected way."},
    problem_type{errc::database_unavailable, 503, "database_unavailable",
                 "The database cannot be reached at the moment."},
    problem_type{errc::database_busy, 503, "database_busy", "The database is busy at the moment."},
    problem_type{errc::overloaded, 503, "overloaded", "The service is too busy at the moment."},
    problem_type{errc::shutting_down, 503, "shutting_down", "The service is restarting."},
};

// The row of `error`; every enumerator has one (a test walks them).
const problem_type& problem_of(errc error) noexcept;

// The row with this `code`, or nullptr. For reasons that were stored as text.
const problem_type* find_problem(std::string_view code) noexcept;

// Why a session ended, from its reason as text. A hand may have written any word: what is no reason for a 401 says no
// more than errc::session_revoked.
errc end_reason_of(std::string_view code) noexcept;

const boost::system::error_category& stagedoor_category() noexcept;

inline boost::system::error_code make_error_code(errc error) noexcept {
    return {static_cast<int>(error), stagedoor_category()};
}

// The enumerator in `code`; any foreign code (a socket's, say) is errc::internal_error.
errc to_errc(const boost::system::error_code& code) noexcept;

template <class T>
using result = boost::system::result<T>;

// An error as a result<T> where an error_code does not become one by itself: T = bool takes it for a value.
template <class T>
result<T> failed(const boost::system::error_code& error) {
    return {boost::system::in_place_error, error};
}

}  // namespace stagedoor

template <>
struct boost::system::is_error_code_enum<stagedoor::errc> : std::true_type {};
