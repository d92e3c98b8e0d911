// Idempotency-Key (draft-ietf-httpapi-idempotency-key-header-07): a change that is asked for again with its key is not
// made again, and answered as it was. What the database keeps of an answer only the holder of the key can read.
#pragma once

#include "auth-service/src/http/admin_guard.hpp"

namespace stagedoor::api {

// The key in a field: a string of RFC 9651 in quotes, or bare; 1 to limits::idempotency_key_chars of visible ASCII
// without `"` and `\`. Nothing for anything else.
std::optional<std::string_view> parse_idempotency_key(std::string_view field) noexcept;

// Whether the answer stands, and is given again to whoever repeats the request. One of 5xx does not, nor does one that
// asks by Retry-After to be asked again: something of what it was about could not be done at the moment.
bool is_final(const http::response& answered) noexcept;

// Calls `handle` unless it was called for this key before. The same answer for the same request, with
// `Idempotency-Replayed: true`; errc::idempotency_key_reused for another one; errc::idempotency_key_in_flight, with
// Retry-After, while the first is under way. An answer that is not final is not kept: its request may be repeated, with
// the same key, and is done then.
answer answer_once(context& with, const http::request& request, admin_caller by, admin_handler handle);

}  // namespace stagedoor::api
