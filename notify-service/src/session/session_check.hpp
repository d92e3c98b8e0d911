// Whether a session may hold a socket (N5): pure verdicts on what the cookie says and what Redis has.
//
// notify-service reads sessions, it never writes them. Where only the ledger could tell (no record, no snapshot or one
// that is behind, a generation that was left behind), the answer is "unclear": the client refreshes with auth-service
// and comes back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/core/close_code.hpp"
#include "common/core/cookie.hpp"
#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/core/user.hpp"
#include "common/session/key_ring.hpp"
#include "common/session/session_policy.hpp"
#include "common/session/session_token.hpp"

namespace stagedoor::notify {

// Why a session may not hold a socket.
struct refusal {
    close_code code = close_code::session_over;
    errc why = errc::no_session;

    friend bool operator==(const refusal&, const refusal&) = default;
};

// A session that may hold a socket, as of the read.
struct admission {
    user_facts facts;
    std::int64_t epoch = 0;  // the session's
    instant expires_at;      // absolute
    instant idle_at;         // unless it is used before: read again then (N6)
};

template <class T>
using verdict = boost::system::result<T, refusal>;

// A session token of a request that is worth asking Redis about.
struct credential {
    session::parsed_token token;
    bool genuine = false;  // proved by the key ring; if not, the record has to prove it

    session::session_ref who() const noexcept { return {token.claims.user, token.claims.session}; }
};

// The credentials of a Cookie field, in its order. Empty: `refused` says why.
struct credentials {
    std::array<credential, limits::session_cookies_tried> found{};
    std::size_t count = 0;
    refusal refused;

    const credential* begin() const noexcept { return found.data(); }
    const credential* end() const noexcept { return found.data() + count; }
    bool empty() const noexcept { return count == 0; }
};

// `keys`: nullptr on a node without a key file. With keys a token that is not genuine costs no round trip (K1).
credentials find_credentials(std::string_view cookie_header, std::string_view cookie_name,
                             const session::key_ring* keys);

// What Redis has of a session and its user. Views; nothing for an absent key.
struct stored_session {
    std::optional<std::string_view> record;
    std::optional<std::string_view> snapshot;
};

// The verdict on a request. A record that lost rotations is good if the key ring proved the token (K2).
verdict<admission> check_request(const credential& presented, const stored_session& stored, session::moment at,
                                 const session::timeouts& limits);

// The verdict on a session that holds a socket already: its token may have been rotated since, and proves nothing more.
verdict<admission> check_again(const session::session_ref& who, const stored_session& stored, session::moment at,
                               const session::timeouts& limits);

// The verdict on a letter's head: nothing while it leaves a session of this epoch alive (K7).
std::optional<refusal> check_letter(const letter& head, const session_id& session, std::int64_t epoch) noexcept;

// The version of the first of these letters that leaves the session dead; 0: none of them does.
std::int64_t change_that_ended(std::span<const std::string> letters, const session_id& session, std::int64_t epoch);

// Whether a user of these facts hears of everybody (R3, N5).
inline bool may_watch(const user_facts& facts) noexcept {
    return facts.role == user_role::admin && facts.status == user_status::active;
}

// How a session's end, told by a tombstone or a control message, closes its sockets.
refusal refusal_for_end(errc reason) noexcept;

// Of two refusals the one to tell: the one that leaves the client more hope, so that a dead cookie never hides one
// that a refresh would bring back (K11).
refusal more_hopeful(const refusal& a, const refusal& b) noexcept;

}  // namespace stagedoor::notify
