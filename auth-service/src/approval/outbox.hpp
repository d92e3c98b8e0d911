// The port to the outbox: what triggers wrote down for Redis, in the same transaction as the change itself.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::approval {

// A session that ended: Redis gets a tombstone, its sockets a control message.
struct ended_session {
    session::session_ref who;
    errc reason = errc::session_revoked;
};

struct outbox_row {
    std::int64_t id = 0;
    std::variant<user_event, ended_session> what;
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class outbox {
public:
    virtual ~outbox() = default;

    // Rows that are not marked published, in the order of their ids, which is the order of each user's versions.
    virtual runtime::task<result<std::vector<outbox_row>>> unpublished(std::size_t most) = 0;

    // The user's events from `version` on, published or not, in order and without holes; may begin later when older
    // ones were purged.
    virtual runtime::task<result<std::vector<user_event>>> events_from(user_id user, std::int64_t version,
                                                                       std::size_t most) = 0;

    virtual runtime::task<result<void>> mark_published(std::vector<std::int64_t> ids) = 0;
};

}  // namespace stagedoor::approval
