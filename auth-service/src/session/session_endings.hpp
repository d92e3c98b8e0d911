// Every way a session ends by somebody's will, and the list of those that live. One instance per shard.
//
// Each end is committed first (in the ledger, or in the user's row where all end at once), then relayed, and only then
// answered: no check that begins after the answer accepts the session (ADR 5), also when it only repeats an end that
// could not be relayed yet. With Redis away it is relayed later.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/session/session_ledger.hpp"
#include "auth-service/src/session/session_store.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/core/cookie.hpp"
#include "common/session/key_ring.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

// One entry of a list of devices.
struct living_session {
    session_id id;
    instant created_at;
    std::optional<instant> last_seen_at;  // written at most once a minute; nothing while Redis cannot tell
    instant expires_at;                   // absolute
    std::string device;                   // by device_name
    std::string address;                  // at sign-in
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class session_endings {
public:
    session_endings(const key_ring& keys, const session_cookie& cookie, timeouts limits, session_store& store,
                    session_ledger& ledger, user::user_store& users, approval::relay& relay)
        : keys_{keys},
          cookie_{cookie},
          limits_{limits},
          store_{store},
          ledger_{ledger},
          users_{users},
          relay_{relay} {}

    // Sign-out here: ends the session of every genuine token in a Cookie field. `seen` is told whose the first one is,
    // living or not, before anything else: for the log; `address` is the client's, for the audit log.
    runtime::task<result<void>> sign_out(std::string_view cookie_header, std::string address,
                                         std::optional<session_ref>* seen = nullptr);

    // Ends one session. Ending it again is no error. errc::not_found: the user has no such session.
    runtime::task<result<void>> end_one(session_ref which, errc reason, user::actor by);

    // Ends all sessions of a user, and every sign-in that is under way, by raising the epoch: O(1). errc::not_found.
    runtime::task<result<void>> end_all(user_id user, user::actor by);

    // Those that live, newest first. Never fails for want of Redis. Nobody's: none.
    runtime::task<result<std::vector<living_session>>> living(user_id user);

    // Relays what others have committed: sessions ended by a sign-in, a new epoch. However many they are, it takes no
    // longer than relay::deliver_all.
    runtime::task<void> tell(std::vector<ended> ends);
    runtime::task<approval::delivery> tell(user::committed change);

private:
    const key_ring& keys_;
    const session_cookie& cookie_;
    const timeouts limits_;
    session_store& store_;
    session_ledger& ledger_;
    user::user_store& users_;
    approval::relay& relay_;
};

}  // namespace stagedoor::session
