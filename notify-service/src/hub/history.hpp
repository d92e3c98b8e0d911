// Port: what Redis has of a session, its user and the user's past, in one read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/errc.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"
#include "notify-service/src/hub/feed.hpp"
#include "notify-service/src/session/session_check.hpp"

namespace stagedoor::notify {

// What a socket reads at once: its user's stream, and on a console the admins' stream as well.
struct read_request {
    stream_read own;
    std::optional<stream_read> admins;
};

// Of the admins' stream; all entries are of one life (R3).
struct admin_readout {
    std::string incarnation;  // empty without entries
    std::vector<std::int64_t> numbers;
    std::vector<std::string> letters;
    bool full = false;  // there may be more entries
};

struct readout {
    // Of the stream's entries, oldest first.
    std::vector<std::int64_t> versions;
    std::vector<std::string> letters;
    bool full = false;  // there may be more entries

    std::optional<std::string> record;
    std::optional<std::string> snapshot;

    std::optional<admin_readout> admins;  // if it was asked for

    stored_session stored() const noexcept { return {record, snapshot}; }
};

// A user whose stream is compared with what was written.
struct head_question {
    user_id user;
    std::int64_t written = 0;  // up to this version, to every live socket of the user
};

class history {
public:
    // The streams, each as stream_read says; then record and snapshot. In this order, so that the snapshot is never older
    // than the entries: a `welcome` does not lag behind its own cursor.
    // errc::redis_unavailable, redis_protocol, overloaded.
    virtual runtime::task<result<readout>> read(session::session_ref who, read_request what) = 0;

    // For each the first version in the stream behind the one written; nothing where there is none, or no stream of ours
    // that could be read. In one round trip. errc::redis_unavailable, overloaded.
    virtual runtime::task<result<std::vector<std::optional<std::int64_t>>>> next_after(
        std::vector<head_question> all) = 0;

    // Record and snapshot alone, of each of these: as many, in this order. Fails as read() does.
    virtual runtime::task<result<std::vector<readout>>> read_sessions(std::vector<session::session_ref> who) = 0;

protected:
    ~history() = default;
};

}  // namespace stagedoor::notify
