#include "auth-service/src/store/sqlite_outbox_rows.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {

using approval::ended_session;
using approval::outbox_mark;

std::optional<ended_session> end_at(const sql::statement& row, int user, int session, int reason, int at_ms) {
    const auto of = user_id::parse(row.text(user));
    const auto which = session_id::parse(row.text(session));
    if (!of || !which) return std::nullopt;
    return ended_session{{*of, *which}, end_reason_of(row.text(reason)), from_unix_ms(row.integer(at_ms))};
}

namespace {

result<outbox_mark> newest_mark(sql::database& db) {
    static const std::string sql =
        "SELECT id, " + std::string{event_name_column} + " FROM outbox ORDER BY id DESC LIMIT 1";
    auto found = db.query(sql);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return outbox_mark{};
    return outbox_mark{found->row().integer(0), std::string{found->row().text(1)}};
}

// `from` is what follows the columns in the statement.
template <class... Args>
result<scanned> select_rows(sql::database& db, std::string_view from, const Args&... args) {
    static const std::string columns =
        "SELECT id, kind, user_id, version, session_id, reason, " + event_columns + " FROM outbox ";
    auto found = db.query(columns + std::string{from}, args...);
    if (!found) return found.error();
    scanned all;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return all;
        const auto& row = found->row();
        const auto id = row.integer(0);
        if (row.text(1) == "session_ended") {
            const auto end = end_at(row, 2, 4, 5, 10);
            if (end) all.rows.push_back({id, *end});
            if (!end) all.spoilt.push_back(id);
            continue;
        }
        auto event = event_at(row, 6);
        const bool whole = event && event->facts.id.text() == row.text(2) && event->facts.version == row.integer(3);
        if (whole) all.rows.push_back({id, std::move(*event)});
        if (!whole) all.spoilt.push_back(id);
    }
}

// Behind `after` and before `before`, appended. Through the index, however many rows are published.
result<void> scan_gap(sql::database& db, std::int64_t after, std::int64_t before, std::size_t most, scanned& into) {
    auto found = select_rows(db,
                             "INDEXED BY outbox_unpublished WHERE published_at_ms IS NULL AND parked_reason IS NULL "
                             "AND id > ?1 AND id < ?2 ORDER BY id LIMIT ?3",
                             after, before, most);
    if (!found) return found.error();
    std::ranges::move(found->rows, std::back_inserter(into.rows));
    std::ranges::move(found->spoilt, std::back_inserter(into.spoilt));
    return {};
}

}  // namespace

result<scanned> scan(sql::database& db, std::size_t most, const approval::id_ranges& known) {
    // First: what is committed between the statements has a higher id.
    auto newest = newest_mark(db);
    if (!newest) return newest.error();
    scanned found;
    found.newest = std::move(*newest);
    std::int64_t after = 0;
    for (const auto& [first, last] : known.ranges()) {
        const auto gap = scan_gap(db, after, first, most - found.rows.size(), found);
        if (!gap) return gap.error();
        after = last;
    }
    constexpr auto no_id = std::numeric_limits<std::int64_t>::max();
    const auto rest = scan_gap(db, after, no_id, most - found.rows.size(), found);
    if (!rest) return rest.error();
    return found;
}

result<scanned> rows_behind(sql::database& db, std::int64_t id, std::size_t most) {
    return select_rows(db, "WHERE id > ?1 AND parked_reason IS NULL ORDER BY id LIMIT ?2", id, most);
}

}  // namespace stagedoor::store
