// Whose sessions a browser brings with it: those that the genuine tokens in a Cookie field name, living or not.
#pragma once

#include <string_view>
#include <vector>

#include "common/core/cookie.hpp"
#include "common/session/key_ring.hpp"
#include "common/session/session_token.hpp"

namespace stagedoor::session {

// In the order of the field; of at most as many cookies as K11 tries.
std::vector<session_ref> carried_sessions(std::string_view cookie_header, const session_cookie& cookie,
                                          const key_ring& keys);

}  // namespace stagedoor::session
