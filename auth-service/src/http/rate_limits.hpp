// Limits as clients see them: 429 with Retry-After, the RateLimit fields, and 503 when passwords cannot be hashed now.
#pragma once

#include "auth-service/src/limits/gatekeeper.hpp"
#include "auth-service/src/user/account_service.hpp"
#include "common/http/request.hpp"
#include "common/http/response.hpp"

namespace stagedoor::api {

// `email`: normalised, or "".
rate_limit::applicant applicant_of(const http::request& request, std::string email);

// The problem rate_limited; the log is told which limit and whose. Only for an admission that is refused.
http::response refuse_for_now(const http::request& request, const rate_limit::admission& refused);

// Of what needs a password to be hashed: `overloaded` says honestly when the pool will have room.
http::response refuse_account(const user::account_service& accounts, const boost::system::error_code& error);

// Nothing when no limit holds.
void add_rate_limit_fields(http::response& to, const rate_limit::admission& of);

}  // namespace stagedoor::api
