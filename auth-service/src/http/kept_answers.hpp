// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a change that is asked for again with its key is not
// made again, and answered as it was. What the database keeps of an answer only the holder of the key can read.
#pragma once

#include "auth-service/src/http/admin_guard.hpp"

namespace stagedoor::api {

// The key in a field: a string of RFC 9651 in quotes, or bare; 1 to limits::idempotency_key_chars of visible ASCII
// without
// `"` and `\`. Nothing for anything else.
std::optional<std::string_view> parse_idempotency_key(std::string_view field) noexcept;

// Calls `handle` unless it was called for this key before. The same answer for the same request, with
// `Idempotency-Replayed: true`; errc::idempotency_key_reused for another one; errc::idempotency_key_in_flight, with
// Retry-After, while the first is under way. An answer of 5xx is not kept: the request may be repeated.
answer answer_once(context& with, const http::request& request, admin_caller by, admin_handler handle);

}  // namespace stagedoor::api
