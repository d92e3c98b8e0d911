#include "auth-service/src/session/carried_sessions.hpp"

#include "common/core/limits.hpp"

namespace stagedoor::session {

std::vector<session_ref> carried_sessions(std::string_view cookie_header, const session_cookie& cookie,
                                          const key_ring& keys) {
    std::vector<session_ref> carried;
    for (const auto value : find_cookies(cookie_header, cookie.name())) {
        const auto token = parse_token(value);
        if (!token || !is_genuine(keys, *token)) continue;
        carried.push_back({token->claims.user, token->claims.session});
        if (carried.size() == limits::session_cookies_tried) break;
    }
    return carried;
}

}  // namespace stagedoor::session
