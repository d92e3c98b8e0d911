// The port to where letters go: users' streams, the admins' stream, tombstones. In Redis.
#pragma once

#include <string>
#include <vector>

#include "auth-service/src/approval/outbox.hpp"

namespace stagedoor::approval {

// What became of one letter (R1).
struct posted {
    enum class outcome : std::uint8_t {
        ok,
        dup,  // it was there before
        gap,  // its predecessor is missing
    };
    outcome what = outcome::ok;
    std::int64_t top = 0;  // the newest version in the user's stream
};

// All calls: errc::redis_unavailable, errc::redis_protocol, errc::overloaded.
class mailbox {
public:
    virtual ~mailbox() = default;

    // Posts each row to its user and, events, to the admins; an ended session is buried. In the order of the rows, in
    // one round trip. A result for each row.
    virtual runtime::task<std::vector<result<posted>>> post(std::vector<outbox_row> rows) = 0;

    // Posts events to their users alone, again. In the order of the events, those of one user standing together.
    virtual runtime::task<std::vector<result<posted>>> post_again(std::vector<user_event> events) = 0;

    // For a replay: puts tombstones where Redis has something of a session, and where one would still stand (K6). Older
    // ends need none where nothing is.
    virtual runtime::task<result<void>> bury_again(std::vector<ended_session> ends) = 0;

    // For a replay: begins the admins' stream anew, once for each life, so that no console takes what comes for what it
    // has seen (R3).
    virtual runtime::task<result<void>> begin_admins(std::string life) = 0;

    // For a replay: drops some session records and tombstones, from `position` on, which is empty at the beginning. The
    // next position; empty at the end. Records made meanwhile may stay: they come from the ledger.
    virtual runtime::task<result<std::string>> forget_sessions(std::string position) = 0;

    // Starts the stream of one user anew with `run`, whose versions have no holes, provided that its top still is
    // `seen_top`. False when it is not.
    virtual runtime::task<result<bool>> rebase(std::int64_t seen_top, std::vector<user_event> run) = 0;
};

}  // namespace stagedoor::approval
