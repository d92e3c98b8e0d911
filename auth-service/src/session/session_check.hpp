// Whether a genuine token is worth anything. Redis is asked first (one round trip); the ledger when Redis does not know
// the session (K2), may not be believed, or gives no answer in time (K10). One instance per shard.
//
// Nobody who has ended is let in: an end is committed to the ledger before it is told, Redis is believed only while it
// is known to have been told all that was committed (redis_trust), and the ledger itself is never behind. Nobody who
// lives is kept out: Redis says no by a tombstone, which only the ledger's word puts there, or by the record's own times
// and generation; a no by its snapshot is confirmed by the ledger; what Redis cannot tell is no verdict.
//
// Nor is anybody let in after a no. What Redis has, every node has; of what only the ledger has, a no is final when no
// node believes Redis without it any more (unheard_ends). Whoever tells a no of this room's waits for that.
#pragma once

#include <optional>

#include "auth-service/src/session/ledger_check.hpp"
#include "auth-service/src/session/principal.hpp"
#include "auth-service/src/session/session_store.hpp"
#include "auth-service/src/user/user_store.hpp"

namespace stagedoor::session {

class session_check {
public:
    session_check(const key_ring& keys, timeouts limits, session_store& store, session_ledger& ledger,
                  user::user_store& users, session_node& node)
        : keys_{keys}, limits_{limits}, store_{store}, ledger_{ledger}, users_{users}, node_{node},
          in_ledger_{ledger, node} {}

    // The living session of a genuine token. Errors: any 401 of problem_table, or a 503 when nobody can tell. `by`: when
    // to stop waiting for Redis.
    runtime::task<result<principal>> check(token_claims claims, deadline_time by);

    // Why the session is over: for when the database has just refused a change on that ground. errc::overloaded: it is
    // not. Other errors as check().
    runtime::task<errc> why_over(session_ref who, deadline_time by);

    // Puts the record of a session that has just begun into Redis, by the road of all records: it is there only beside a
    // snapshot that is not older than itself. Should Redis be away, the record is made later.
    runtime::task<void> introduce(token_claims claims, deadline_time by);

    // The user's facts from the database, or newer ones that Redis has already (K8). errc::session_unknown: nobody.
    runtime::task<result<user_facts>> fresh_facts(user_id user, deadline_time by);

private:
    // What came of one look at the session. Nothing: it has to be looked at again. A redis_* error: ask the ledger.
    using verdict = std::optional<result<principal>>;

    runtime::task<result<principal>> ask_redis(token_claims claims, deadline_time by);
    runtime::task<verdict> judge_stored(token_claims claims, stored_session loaded, deadline_time by);
    // The snapshot says that the session's epoch is dead or its user suspended. It may be behind (K7).
    runtime::task<verdict> confirm_dead(session_ref who, deadline_time by);
    runtime::task<verdict> rebuild(token_claims claims, deadline_time by);
    // The ledger's word; that the session is over is noted in Redis.
    runtime::task<result<ledger_state>> ask_and_bury(session_ref who, deadline_time by);
    runtime::task<void> bury(session_ref who, errc reason, deadline_time by);
    // There is a tombstone in Redis: waits until every node has heard of it, as far as Redis can be asked.
    runtime::task<void> settle(session_ref who, deadline_time by);
    runtime::task<result<principal>> touched(principal found, session_record next, deadline_time by);
    runtime::task<result<void>> end(session_ref who, errc reason, deadline_time by);
    runtime::task<result<principal>> ask_ledger(session_ref who, bool believed, deadline_time by);

    const key_ring& keys_;
    const timeouts limits_;
    session_store& store_;
    session_ledger& ledger_;
    user::user_store& users_;
    session_node& node_;
    ledger_check in_ledger_;
};

}  // namespace stagedoor::session
