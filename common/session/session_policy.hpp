// What a session token is worth, and how a session moves on: pure rules without I/O, clock or state (K2, K3, K5, K7).
//
// A session's tokens are numbered by generation. Two generations live at a time: the current one, and its predecessor
// until the current one is proved to be in use. So it does not matter in which order browsers' tabs, retries and lost
// answers arrive: all of them end up with one token.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/limits.hpp"
#include "common/core/user.hpp"
#include "common/session/key_ring.hpp"
#include "common/session/session_record.hpp"

namespace stagedoor::session {

struct timeouts {
    std::chrono::milliseconds idle = limits::session_idle_default;
    std::chrono::milliseconds absolute = limits::session_absolute_default;
    std::chrono::milliseconds grace = limits::rotation_grace;  // G of K3: browsers write cookies within 30 s
};

// Redis' time at one reading of it (T5), and since when this Redis has had what it has (R6). What a record says of use
// before `since` may have been followed by writes that Redis has lost, so it proves nothing (K3, K6).
struct moment {
    instant now;
    instant since{};  // the beginning of time: Redis is known to have lost nothing
};

using stagedoor::session_ref;

// Where a token's generation stands against the record's.
enum class standing : std::uint8_t {
    current,
    predecessor,  // one behind, and alive
    ahead,        // the record lost a rotation: it has to be moved forward
};

// The verdict on a genuine token, in this order of reasons: session_expired_absolute, session_expired_idle,
// session_revoked (epoch, or a suspended user), session_token_reused. `facts` must not be older than the session:
// load them anew when is_behind().
result<standing> judge(const session_record& record, const session_ref& who, std::uint32_t generation,
                       const user_facts& facts, moment at, const timeouts& limits) noexcept;

// When the session is over for want of use, unless it is used before (K6).
instant idle_expiry(const session_record& record, instant since, const timeouts& limits) noexcept;

// True when the facts are older than the session, so that they cannot judge it.
inline bool is_behind(const user_facts& facts, const session_record& record) noexcept {
    return facts.epoch < record.epoch;
}

// True when a session of this epoch has not been ended by a raise of the user's epoch (K7).
bool epoch_lives(std::int64_t epoch, const session_id& session, const user_facts& facts) noexcept;

// A session at its sign-in.
session_record first_record(const key_ring& keys, const session_ref& who, const user_facts& facts, instant now,
                            const timeouts& limits);

// A session that Redis has forgotten, from its ledger row, at the generation of a genuine token.
struct ledger_facts {
    std::int64_t epoch = 0;
    user_status status_at_sign_in = user_status::pending;
    instant created_at;
    instant expires_at;
};
session_record rebuilt_record(const key_ring& keys, const session_ref& who, const ledger_facts& ledger,
                              std::uint32_t generation, std::uint8_t key_id, instant now);

// The record after losing rotations, at the generation of a genuine token.
session_record moved_forward(const key_ring& keys, const session_ref& who, session_record record,
                             std::uint32_t generation, std::uint8_t key_id);

// The record after a use of the token, or nothing when there is nothing worth a write: first use of a generation,
// death of its predecessor, last seen by more than limits::touch_interval (or a quarter of the idle timeout).
std::optional<session_record> after_use(const session_record& record, standing where, moment at,
                                        const timeouts& limits) noexcept;

// The current generation's token: signed with the key of its rotation, whichever signs today, so that everybody who is
// handed it has the very same one (K4).
token_claims current_token(const session_ref& who, const session_record& record) noexcept;

struct refresh_outcome {
    session_record record;                   // to be stored by compare-and-set, unless it is as it was
    std::optional<std::uint32_t> hand_out;   // the generation whose token, the current one, the answer sets as cookie
    bool status_changed = false;
    user_status previous_status = user_status::pending;
};

// A refresh by a token that stands at `where` (current or predecessor), and whose use after_use() has noted.
// `ack_version`: the newest version of the user that the client says it knows.
refresh_outcome refresh(const key_ring& keys, const session_ref& who, const session_record& record, standing where,
                        const user_facts& facts, std::optional<std::int64_t> ack_version, moment at);

}  // namespace stagedoor::session
