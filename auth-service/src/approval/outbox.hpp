// The port to the outbox: what triggers wrote down for Redis, in the same transaction as the change itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth-service/src/approval/id_ranges.hpp"
#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/runtime/task.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::approval {

// A session that ended: Redis gets a tombstone, its sockets a control message.
struct ended_session {
    session::session_ref who;
    errc reason = errc::session_revoked;
    instant ended_at{};  // by the database's clock; only what is read for a replay has it
};

struct outbox_row {
    std::int64_t id = 0;
    std::variant<user_event, ended_session> what;
};

// A place in the outbox, and the event there: the same id with another event is another history (R7).
struct outbox_mark {
    std::int64_t id = 0;
    std::string event;  // names the row's event or session; empty where there is no row

    friend bool operator==(const outbox_mark&, const outbox_mark&) = default;
};

// Which Redis is being fed, as the database has it (R6).
struct feed_ref {
    std::string run_id;
    std::int64_t feed = 0;  // counts the switches

    friend bool operator==(const feed_ref&, const feed_ref&) = default;
};

// The name of an event, `<user id>.<version>`, or the id of a session that ended.
std::string event_name(const outbox_row& row);

// What the database says of a fence.
struct outbox_standing {
    std::optional<std::string> at_cursor;  // the event at the fence's cursor; nothing: no row is there any more
    std::int64_t newest = 0;               // the highest id that was ever given
    feed_ref fed;
};

struct outbox_scan {
    std::vector<outbox_row> rows;
    // Of all rows when the scan began: the rows hold every unpublished one up to it that was not known, or `most`.
    outbox_mark newest;
};

// Where a user's events are read on from.
struct events_start {
    user_id user;
    std::int64_t version = 1;
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class outbox {
public:
    virtual ~outbox() = default;

    // Rows that are not marked published, in the order of their ids, which is the order of each user's versions. Those
    // that are `known` are left out, and cost nothing.
    virtual runtime::task<result<outbox_scan>> unpublished(std::size_t most, id_ranges known) = 0;

    // For each: that user's events from that version on, published or not, in order and without holes, at most `most`;
    // may begin later when older ones were purged.
    virtual runtime::task<result<std::vector<std::vector<user_event>>>> events_from(std::vector<events_start> each,
                                                                                    std::size_t most) = 0;

    // Only while `to` is what is being fed; else nothing is marked, and that is no error.
    virtual runtime::task<result<void>> mark_published(id_ranges ids, feed_ref to) = 0;

    // From now on that Redis is being fed; rows that were parked get another chance. False when another has been
    // switched to meanwhile: `to` has to be the next in count, or the one that is being fed already.
    virtual runtime::task<result<bool>> switch_feed(feed_ref to) = 0;

    virtual runtime::task<result<outbox_standing>> standing(std::int64_t cursor) = 0;

    // Whether any row behind `id` has been purged, or deleted by hand.
    virtual runtime::task<result<bool>> rows_missing_after(std::int64_t id) = 0;

    // Rows behind `id`, published or not, in order.
    virtual runtime::task<result<std::vector<outbox_row>>> rows_after(std::int64_t id, std::size_t most) = 0;

    // From the ledger: sessions that have ended before their absolute expiry, which is still to come, in the order of
    // their ids, behind `after`.
    virtual runtime::task<result<std::vector<ended_session>>> ends_after(session_id after, std::size_t most) = 0;

    // Leaves a row out from now on (R5).
    virtual runtime::task<result<void>> park(std::int64_t id, std::string reason) = 0;
};

}  // namespace stagedoor::approval
