// Sessions while they live: signing in, who is behind a request, refreshing. How they end is in session_endings.hpp.
// One instance per shard.
//
// Who is behind a token is decided by session_check. While Redis is away everything here goes on (K10): signing in and
// out are the ledger's, and a refresh tells fresh facts and leaves the token as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/src/session/proved_tokens.hpp"
#include "auth-service/src/session/session_check.hpp"
#include "common/core/cookie.hpp"

namespace stagedoor::session {

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

// A session that has begun, and what had to end for it: to be told.
struct signed_in {
    session_cookie_value cookie;
    std::vector<ended> ends;
};

class session_service {
public:
    // `per_user`: how many sessions of one user live at most, from 1.
    session_service(const key_ring& keys, const session_cookie& cookie, timeouts limits, std::size_t per_user,
                    session_store& store, session_ledger& ledger, user::user_store& users, session_node& node)
        : keys_{keys},
          cookie_{cookie},
          limits_{limits},
          per_user_{per_user},
          store_{store},
          ledger_{ledger},
          node_{node},
          check_{keys, limits, store, ledger, users, node} {}

    // The living session in a Cookie field, when this node remembers it and it may go on as it is: nothing to read, to
    // write or to wait for. Nothing says nothing: ask authenticate(). Valid until the caller waits for anything.
    struct recognised {
        session_ref who;
        remembered_session* what = nullptr;
        standing where = standing::current;
    };
    std::optional<recognised> recognise(std::string_view cookie_header);
    // What the API says of a session that was just recognised, for the next time. What was recognised is not valid then.
    void keep_answer(const session_ref& who, const std::string& answer) { store_.keep_answer(who, answer); }

    // The living session in a Cookie field. Of several cookies the first good one counts (K11).
    // Errors: any 401 of problem_table, or a 503 when nobody can tell.
    // `seen`, here and below, is told whom the genuine token names that decided, also when it is refused: for the log.
    runtime::task<result<principal>> authenticate(std::string_view cookie_header,
                                                  std::optional<session_ref>* seen = nullptr);

    // Why a session is over of which authenticate() knew nothing yet: the database has just refused a change on that
    // ground. A 401 or 503, to be told as it is.
    runtime::task<errc> why_over(session_ref who);

    // A new session for a user whose password was just verified against the row that `facts` came from. It takes the
    // place of those that the browser's Cookie field still carries: they end with its beginning (ASVS 5.0 7.2.4).
    // errc::session_revoked: something ended all of the user's sessions meanwhile, this one too (K7).
    runtime::task<result<signed_in>> sign_in(user_facts facts, device from, std::string_view cookie_header);

    // Fresh facts from the database, and the successor of the token when one is due (K3). What Redis cannot be asked or
    // told leaves the token as it is; a change of status is then told once more rather than not at all (K5, K10).
    // `ack_version`: the newest version of the user that the client says it knows.
    runtime::task<result<refreshed_session>> refresh(std::string_view cookie_header,
                                                     std::optional<std::int64_t> ack_version,
                                                     std::optional<session_ref>* seen = nullptr);

private:
    // As authenticate(), with nothing remembered: for those who will write.
    runtime::task<result<principal>> find_principal(std::string_view cookie_header, std::optional<session_ref>* seen,
                                                    deadline_time by);
    // `why`, a 401, not before `final_from`; a 503 when that is too late for the request that gave Redis until `by`.
    runtime::task<errc> when_final(errc why, deadline_time final_from, deadline_time by);
    bool is_proved(const parsed_token& token);
    session_cookie_value cookie_of(const session_ref& who, const session_record& record) const;

    const key_ring& keys_;
    const session_cookie& cookie_;
    const timeouts limits_;
    const std::size_t per_user_;
    session_store& store_;
    session_ledger& ledger_;
    session_node& node_;
    session_check check_;
    proved_tokens proved_;
};

}  // namespace stagedoor::session
