// Rows of the outbox as the relay gets them. Each call is part of a job on a database thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "auth-service/src/approval/outbox.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::store {

struct scanned {
    std::vector<approval::outbox_row> rows;
    std::vector<std::int64_t> spoilt;  // by a hand: they cannot be read
    approval::outbox_mark newest;
};

// What a mark calls a row: a user's event is named by its version, an end by its session.
inline constexpr std::string_view event_name_column =
    "CASE kind WHEN 'user_event' THEN user_id || '.' || version ELSE session_id END";

// From the columns of those numbers; nothing when a hand has spoilt the row.
std::optional<approval::ended_session> end_at(const sql::statement& row, int user, int session, int reason, int at_ms);

// As outbox::unpublished.
result<scanned> scan(sql::database& db, std::size_t most, const approval::id_ranges& known);

// Published or not, those that are parked left out. `newest` is empty.
result<scanned> rows_behind(sql::database& db, std::int64_t id, std::size_t most);

}  // namespace stagedoor::store
