#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {

user_facts facts_at(const sql::statement& row, int column) {
    // The schema's rules make these parse: whatever cannot be there counts as the least.
    const auto kept = row.optional_text(column + 7);
    return {user_id::parse(row.text(column)).value_or(user_id{}),
            std::string{row.text(column + 1)},
            std::string{row.text(column + 2)},
            parse_role(row.text(column + 3)).value_or(user_role::stage_manager),
            parse_status(row.text(column + 4)).value_or(user_status::suspended),
            row.integer(column + 5),
            row.integer(column + 6),
            kept ? session_id::parse(*kept) : std::nullopt,
            row.optional_integer(column + 8)};
}

std::optional<user_event> event_at(const sql::statement& row, int column) {
    const auto kind = find_event_kind(row.text(column));
    auto facts = parse_snapshot(row.text(column + 1));
    if (!kind || !facts) return std::nullopt;
    const auto previous = row.optional_text(column + 2);
    return user_event{*kind, std::move(*facts), previous ? parse_status(*previous) : std::nullopt,
                      std::string{row.text(column + 3)}, from_unix_ms(row.integer(column + 4))};
}

result<user_facts> load_facts(sql::database& db, const user_id& user) {
    static const std::string sql = "SELECT " + facts_columns + " FROM users WHERE id = ?1";
    auto found = db.query(sql, user.text());
    if (!found) return found.error();
    const auto row = found->next();
    if (!row) return row.error();
    if (!*row) return errc::not_found;
    return facts_at(found->row(), 0);
}

result<user::committed> load_committed(sql::database& db, const user_id& user, std::int64_t before) {
    auto facts = load_facts(db, user);
    if (!facts) return facts.error();
    user::committed change{std::move(*facts), std::nullopt, 0};
    if (change.facts.version == before) return change;

    static const std::string sql = "SELECT id, " + event_columns + " FROM outbox WHERE user_id = ?1 AND version = ?2";
    auto told = db.query(sql, user.text(), change.facts.version);
    if (!told) return told.error();
    const auto there = told->next();
    if (!there) return there.error();
    if (!*there) return errc::internal_error;  // the trigger has just written it
    change.outbox_id = told->row().integer(0);
    change.event = event_at(told->row(), 1);
    return change;
}

}  // namespace stagedoor::store
