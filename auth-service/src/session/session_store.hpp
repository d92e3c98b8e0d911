// The port to what is hot: session records and user snapshots in Redis. Everything in it can be made again.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/user.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

// What Redis has of one session; nothing: it does not know it.
using stored_value = std::optional<std::variant<session_record, tombstone>>;

// What one round trip tells of a session. `stored` is the text that the next swap compares with.
struct stored_session {
    std::string stored;
    stored_value value;
    std::optional<user_facts> facts;  // nothing: there is no snapshot
};

// What a node remembers of a living session from an earlier load.
struct remembered_session {
    session_record record;
    user_facts facts;
    std::optional<parsed_token> genuine{};  // a token of it whose proof was checked before: this one need not be again
    std::string answer{};  // what the API says of it (GET /api/auth/me), once somebody has asked
};

// All calls: errc::redis_unavailable (also when `by` has passed: what was asked may still be done), errc::redis_protocol,
// errc::overloaded.
class session_store {
public:
    virtual ~session_store() = default;

    // Redis' own time, as learned by the link (T5).
    virtual instant now() const = 0;

    // Redis' time when this Redis last came back with what it has (R6); the beginning of time until it is known.
    virtual instant since() const = 0;

    moment at() const { return {now(), since()}; }

    // What is remembered of the session, and as good as a load that begins now. It may only be used to say yes: whoever
    // would say no, or write, loads (C1). Valid until the next call of anything else here.
    virtual remembered_session* recall(const session_ref&) { return nullptr; }
    // What the API says of a session that was just recalled: kept with it. What was recalled is not valid any more then.
    virtual void keep_answer(const session_ref&, const std::string&) {}
    // The last one that was recalled has answered a request.
    virtual void note_hit() noexcept {}

    // One MGET of record and snapshot. Redis counts as away when it came back after it was last found to have been told
    // everything: it may be a copy from before (R6).
    virtual runtime::task<result<stored_session>> load(session_ref who, deadline_time by) = 0;

    // One MGET of the records of several sessions of one user, at most limits::sessions_per_user_max; in their order.
    // What cannot be read is nothing.
    virtual runtime::task<result<std::vector<stored_value>>> load_records(user_id user,
                                                                          std::vector<session_id> sessions) = 0;

    // Holds the place of a session that Redis does not know, for whoever asks the ledger now: what is held, to be swapped
    // for the record (K2). Nothing when there is a record, a tombstone or a hold already. Others who load a hold get
    // errc::redis_protocol, which sends them to the ledger. It runs out soon, and no two are alike.
    virtual runtime::task<result<std::optional<std::string>>> hold(session_ref who, deadline_time by) = 0;

    // Replaces the record, or a hold, only while it is `expected`, whole (K6); false when it is not.
    virtual runtime::task<result<bool>> swap(session_ref who, std::string expected, session_record next,
                                             deadline_time by) = 0;

    // Puts a tombstone, whatever was there, and tells the sockets. Nothing brings the session back after it.
    virtual runtime::task<result<void>> bury(session_ref who, errc reason, deadline_time by) = 0;

    // When it returns, every node that remembers what was in Redis before the call has heard what became of it, or has a
    // connection that is half open (C4).
    virtual runtime::task<result<void>> settle(deadline_time by) = 0;

    // Stores the facts unless newer ones are there; the ones that won (K8).
    virtual runtime::task<result<user_facts>> put_snapshot(user_facts facts, deadline_time by) = 0;
};

}  // namespace stagedoor::session
