// Port: what Redis has of a session, its user and the user's past, in one read.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/core/errc.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"
#include "notify-service/src/session/session_check.hpp"

namespace stagedoor::notify {

struct readout {
    // Of the stream's entries, oldest first.
    std::vector<std::int64_t> versions;
    std::vector<std::string> letters;
    bool full = false;  // there may be more entries

    std::optional<std::string> record;
    std::optional<std::string> snapshot;

    stored_session stored() const noexcept { return {record, snapshot}; }
};

class history {
public:
    // The stream from version `from` on, it included, or its last entry alone; then record and snapshot. In this order,
    // so that the snapshot is never older than the entries: a `welcome` does not lag behind its own cursor.
    // errc::redis_unavailable, redis_protocol, overloaded.
    virtual runtime::task<result<readout>> read(session::session_ref who, std::optional<std::int64_t> from) = 0;

protected:
    ~history() = default;
};

}  // namespace stagedoor::notify
