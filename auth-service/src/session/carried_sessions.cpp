#include "auth-service/src/session/carried_sessions.hpp"

namespace stagedoor::session {

std::vector<session_ref> carried_sessions(std::string_view cookie_header, const session_cookie& cookie,
                                          const key_ring& keys) {
    std::vector<session_ref> carried;
    for (const auto value : find_cookies(cookie_header, cookie.name())) {
        const auto token = parse_token(value);
        if (token && is_genuine(keys, *token)) carried.push_back({token->claims.user, token->claims.session});
    }
    return carried;
}

}  // namespace stagedoor::session
