// Rows as the values of the domains, for the SQLite adapters. Each call is part of a job on a database thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "auth-service/src/user/user_store.hpp"
#include "common/core/event.hpp"
#include "common/core/user.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::store {

// A user's facts, to be selected from `users`; facts_at reads them from the column where they begin.
inline const std::string facts_columns =
    "users.id, users.email, users.display_name, users.role, users.status, users.version, users.epoch, "
    "users.kept_session, users.kept_epoch";
inline constexpr int facts_column_count = 9;

user_facts facts_at(const sql::statement& row, int column);

// A change as it was told, to be selected from `outbox`. Nothing when a hand has spoilt the row.
inline const std::string event_columns = "event_type, facts, previous_status, reason, at_ms";

std::optional<user_event> event_at(const sql::statement& row, int column);

// errc::not_found.
result<user_facts> load_facts(sql::database& db, const user_id& user);

// The user after a change, selected again since RETURNING tells too early (S4), and the outbox row of that version;
// without one when the version still is `before`: nothing had to be changed.
result<user::committed> load_committed(sql::database& db, const user_id& user, std::int64_t before);

// "Done", for statements whose count of changed rows says nothing.
inline result<void> done(const result<std::int64_t>& outcome) {
    if (!outcome) return outcome.error();
    return {};
}

}  // namespace stagedoor::store
