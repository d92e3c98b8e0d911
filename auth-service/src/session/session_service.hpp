// Sessions while they live: signing in, who is behind a request, refreshing. How they end is in session_endings.hpp.
// One instance per shard.
//
// The order of asking is proof (no I/O), Redis (one MGET), ledger. Redis forgets nothing for good: a session that it
// does not know is made again from the ledger, or buried.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/src/session/session_ledger.hpp"
#include "auth-service/src/session/session_store.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/core/cookie.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

// A signed-in browser at the time of one request.
struct principal {
    session_ref who;
    user_facts user;  // as of the newest version known
    session_record record;
    standing where = standing::current;
    std::string stored;  // the record as it is in Redis, for the next compare-and-set; empty when it was recognised
};

// The cookie of an answer, and the seconds it may live.
struct session_cookie_value {
    std::string token;
    std::chrono::seconds max_age;
    session_ref who;
};

struct refreshed_session {
    user_facts user;
    bool status_changed = false;
    user_status previous_status = user_status::pending;
    std::optional<session_cookie_value> cookie;  // nothing: the browser keeps the one it has
};

// Where a sign-in comes from, as shown in the list of devices.
struct device {
    std::string user_agent;
    std::string address;
};

// A session that has begun, and what had to end for it.
struct signed_in {
    session_cookie_value cookie;
    std::vector<ended> displaced;
};

class session_service {
public:
    // `per_user`: how many sessions of one user live at most, from 1.
    session_service(const key_ring& keys, const session_cookie& cookie, timeouts limits, std::size_t per_user,
                    session_store& store, session_ledger& ledger, user::user_store& users)
        : keys_{keys},
          cookie_{cookie},
          limits_{limits},
          per_user_{per_user},
          store_{store},
          ledger_{ledger},
          users_{users} {}

    // The living session in a Cookie field, when this node remembers it and it may go on as it is: nothing to read, to
    // write or to wait for. Nothing says nothing: ask authenticate(). Valid until the caller waits for anything.
    struct recognised {
        session_ref who;
        const remembered_session* what = nullptr;
        standing where = standing::current;
    };
    std::optional<recognised> recognise(std::string_view cookie_header);

    // The living session in a Cookie field. Of several cookies the first good one counts (K11).
    // Errors: any 401 of problem_table, or a 503 when nobody can tell.
    // `seen`, here and below, is told whom the genuine token names that decided, also when it is refused: for the log.
    runtime::task<result<principal>> authenticate(std::string_view cookie_header,
                                                  std::optional<session_ref>* seen = nullptr);

    // A new session for a user whose password was just verified against the row that `facts` came from.
    // errc::session_revoked: something ended all of the user's sessions meanwhile, this one too (K7).
    runtime::task<result<signed_in>> sign_in(user_facts facts, device from);

    // Fresh facts from the database, and the successor of the token when one is due (K3).
    // `ack_version`: the newest version of the user that the client says it knows.
    runtime::task<result<refreshed_session>> refresh(std::string_view cookie_header,
                                                     std::optional<std::int64_t> ack_version,
                                                     std::optional<session_ref>* seen = nullptr);

private:
    // The same, with nothing remembered: for those who will write.
    runtime::task<result<principal>> authenticate_anew(std::string_view cookie_header, std::optional<session_ref>* seen);
    runtime::task<result<principal>> check(token_claims claims);
    // Errors: why the session cannot be made again. Success: take the verdict once more.
    runtime::task<result<void>> rebuild(token_claims claims);
    runtime::task<result<user_facts>> load_facts(user_id user);
    runtime::task<result<void>> end(session_ref who, errc reason);
    session_cookie_value cookie_of(const session_ref& who, const session_record& record) const;

    const key_ring& keys_;
    const session_cookie& cookie_;
    const timeouts limits_;
    const std::size_t per_user_;
    session_store& store_;
    session_ledger& ledger_;
    user::user_store& users_;
};

}  // namespace stagedoor::session
