// The port to the ledger: which sessions exist and which have ended, in the database (T1). One insert at sign-in, one
// update at the end. Whatever Redis forgets is made again from it.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "auth-service/src/user/user_store.hpp"
#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/user.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

struct ledger_entry {
    session_ref who;
    std::int64_t epoch = 0;
    user_status status_at_sign_in = user_status::pending;
    instant created_at;
    instant expires_at;   // absolute
    std::string device;   // User-Agent, at most limits::user_agent_bytes
    std::string address;  // of the client
};

// A session as the ledger knows it, and its user at the same moment.
struct ledger_state {
    ledger_entry entry;
    std::optional<errc> ended;  // why, when it has ended
    user_facts facts;
    instant read_at;  // by the database's clock (T5)
};

// The end of a session as it was committed, and the outbox row that carries it to Redis.
struct ended {
    session_ref who;
    errc reason = errc::session_revoked;
    std::int64_t outbox_id = 0;
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class session_ledger {
public:
    virtual ~session_ledger() = default;

    // Begins a session. In the same transaction ends those `in_place_of` which it begins (errc::session_signed_out), and
    // the user's oldest living ones beyond `most` (errc::session_displaced); the ends to relay. 1 <= most. One of the
    // former that cannot be ended keeps nobody from signing in. errc::session_revoked: the user's epoch has risen since
    // `entry.epoch` was read with the password hash, so that this session would be dead at birth (K7); nothing is
    // written then. errc::not_found: no such user.
    virtual runtime::task<result<std::vector<ended>>> begin(ledger_entry entry, std::size_t most,
                                                             std::vector<session_ref> in_place_of) = 0;

    // Nothing when there is no such row: purged counts as ended.
    virtual runtime::task<result<std::optional<ledger_state>>> find(session_ref who) = 0;

    // The sessions of a user that have neither ended nor expired and whose epoch lives (K7), newest first; at most
    // limits::sessions_per_user_max. Nobody's: none.
    virtual runtime::task<result<std::vector<ledger_entry>>> living(user_id user) = 0;

    // Ends it for good. The end as committed, by this call or an earlier one, while the row that tells of it is
    // unpublished: there is something to relay. Nothing when all has been told, or there never was such a session.
    virtual runtime::task<result<std::optional<ended>>> end(session_ref who, errc reason, user::actor by) = 0;
};

}  // namespace stagedoor::session
