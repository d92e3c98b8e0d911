#include "auth-service/src/store/sqlite_audit_store.hpp"

#include <algorithm>
#include <limits>

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/core/json.hpp"

namespace stagedoor::store {
namespace {

using admin::audit_cursor;
using admin::audit_entry;
using admin::audit_page;
using admin::audit_query;
using admin::audit_stretch;
using admin::denial_sum;
using admin::named;
using runtime::task;

// The rows are gone through by one of the indexes of 0005, which is the innermost statement's, newest first and no more
// than limits::audit_examined of them; what else is asked for is looked at outside. ?1 to ?5 are the conditions, ?6 and
// ?7 the cursor, ?8 how many rows to look at.
std::string rows_by(const audit_query& query) {
    std::string driving = "1";
    if (query.user) {
        driving = "user_id = ?1";
    } else if (query.actor) {
        driving = "actor = ?2";
    } else if (query.action) {
        driving = "action = ?3";
    }
    return "SELECT id, user_id, version, session_id, action, before, after, actor, origin, reason, at_ms "
           "FROM audit_log WHERE " +
           driving +
           " AND at_ms >= ?4 AND at_ms < ?5 AND at_ms <= ?6 AND (at_ms < ?6 OR id < ?7) "
           "ORDER BY at_ms DESC, id DESC LIMIT ?8";
}

// In the order in which they were written; ?6 is the id before them, ?7 how many rows to look at.
constexpr std::string_view rows_behind =
    "SELECT id, user_id, version, session_id, action, before, after, actor, origin, reason, at_ms "
    "FROM audit_log WHERE id > ?6 ORDER BY id LIMIT ?7";

// The order is that of `rows`: SQLite joins to the right. Names are looked up for rows that fit alone.
std::string statement_over(std::string_view rows) {
    return "SELECT log.id, log.at_ms, log.action, log.user_id, whom.email, whom.display_name, log.actor, who.email, "
           "who.display_name, log.origin, audit_sources.address, audit_sources.token_id, log.session_id, log.reason, "
           "log.version, log.before, log.after, log.fits "
           "FROM (SELECT *, (?1 IS NULL OR user_id = ?1) AND (?2 IS NULL OR actor = ?2) AND "
           "(?3 IS NULL OR action = ?3) AND at_ms >= ?4 AND at_ms < ?5 AS fits FROM (" +
           std::string{rows} +
           ")) AS log LEFT JOIN users AS whom ON whom.id = iif(log.fits, log.user_id, NULL) "
           "LEFT JOIN users AS who ON who.id = iif(log.fits, log.actor, NULL) "
           "LEFT JOIN audit_sources ON audit_id = iif(log.fits, log.id, NULL)";
}

std::optional<std::string> text_at(const sql::statement& row, int column) {
    const auto text = row.optional_text(column);
    return text ? std::optional{std::string{*text}} : std::nullopt;
}

named named_at(const sql::statement& row, int column) {
    return {std::string{row.text(column)}, text_at(row, column + 1), text_at(row, column + 2)};
}

audit_entry entry_at(const sql::statement& row) {
    return {row.integer(0),           from_unix_ms(row.integer(1)),
            std::string{row.text(2)}, row.text(3).empty() ? std::nullopt : std::optional{named_at(row, 3)},
            named_at(row, 6),         std::string{row.text(9)},
            text_at(row, 10),         text_at(row, 11),
            text_at(row, 12),         text_at(row, 13),
            row.optional_integer(14), text_at(row, 15),
            text_at(row, 16)};
}
constexpr int fits_column = 17;

// What a query asks for, as ?1 to ?5.
struct conditions {
    explicit conditions(const audit_query& query)
        : user{query.user ? std::optional{query.user->text()} : std::nullopt},
          since{query.since ? to_unix_ms(*query.since) : 0},
          until{query.until ? to_unix_ms(*query.until) : std::numeric_limits<std::int64_t>::max()} {}

    std::optional<std::string> user;
    std::int64_t since;
    std::int64_t until;
};

// What a look at the log has found: at most `limit` entries, and the last row that it went by.
struct findings {
    std::vector<audit_entry> items;
    std::optional<audit_cursor> last;
    bool more = false;  // it has stopped before the end
};

result<findings> go_through(sql::rows& rows, std::size_t limit) {
    findings found;
    for (std::size_t examined = 0;; ++examined) {
        const auto there = rows.next();
        if (!there) return there.error();
        if (!*there) {
            found.more = examined == limits::audit_examined;
            return found;
        }
        const auto& row = rows.row();
        const bool fits = row.integer(fits_column) != 0;
        if (fits && found.items.size() == limit) {
            found.more = true;
            return found;
        }
        if (fits) found.items.push_back(entry_at(row));
        found.last = {row.integer(1), row.integer(0)};
    }
}

result<audit_page> select_page(sql::database& db, const audit_query& query) {
    const conditions wanted{query};
    const auto before = query.before.value_or(audit_cursor{std::numeric_limits<std::int64_t>::max(), 0});
    auto rows = db.query(statement_over(rows_by(query)), wanted.user, query.actor, query.action, wanted.since,
                         wanted.until, before.at_ms, before.id, limits::audit_examined);
    if (!rows) return rows.error();
    auto found = go_through(*rows, query.limit);
    if (!found) return found.error();
    return audit_page{std::move(found->items), found->more ? found->last : std::nullopt};
}

// The id of the newest row there has ever been, also when that row is gone; 0: there was none.
result<std::int64_t> last_id(sql::database& db) {
    auto found = db.query("SELECT seq FROM sqlite_sequence WHERE name = 'audit_log'");
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return *there ? found->row().integer(0) : 0;
}

result<audit_stretch> select_stretch(sql::database& db, const audit_query& query, std::int64_t after) {
    static const auto sql = statement_over(rows_behind);
    const conditions wanted{query};
    findings found;
    {
        auto rows = db.query(sql, wanted.user, query.actor, query.action, wanted.since, wanted.until, after,
                             limits::audit_examined);
        if (!rows) return rows.error();
        auto gone_through = go_through(*rows, query.limit);
        if (!gone_through) return gone_through.error();
        found = std::move(*gone_through);
    }
    if (found.last) return audit_stretch{std::move(found.items), found.last->id};
    const auto end = last_id(db);
    if (!end) return end.error();
    return audit_stretch{{}, std::min(after, *end)};
}

// What there is to say of refused calls, as JSON.
std::string describe(const denial_sum& sum) {
    const auto& last = sum.last;
    std::string told = "{\"code\":\"" + std::string{problem_of(last.why).code} + "\"";
    if (!sum.rest) {
        told.append(",\"method\":");
        append_json_string(told, last.method);
        told.append(",\"route\":");
        append_json_string(told, last.route);
    }
    told.append(",\"count\":").append(std::to_string(sum.count));
    told.append(",\"firstAt\":\"").append(format_rfc3339(sum.first_at)).append("\"");
    return told + "}";
}

result<void> insert_denial(sql::database& db, const denial_sum& sum) {
    const auto& last = sum.last;
    const author by{last.who ? last.who->text() : "nobody",
                    last.token ? "token" : "api",
                    {},
                    last.address,
                    last.token ? format_uuid(*last.token) : ""};
    const auto entered = enter_context(db, by);
    if (!entered) return entered.error();
    const auto inserted = db.execute(
        "INSERT INTO audit_log (user_id, action, after, actor, origin, at_ms) "
        "SELECT ?1, 'denied', ?2, actor, origin, ?3 FROM change_context",
        last.who ? last.who->text() : "", describe(sum), to_unix_ms(last.at));
    if (!inserted) return inserted.error();
    return leave_context(db);
}

result<void> insert_denials(sql::database& db, const std::vector<denial_sum>& sums) {
    for (const auto& each : sums) {
        const auto inserted = insert_denial(db, each);
        if (!inserted) return inserted;
    }
    return done(
        db.execute("DELETE FROM audit_log WHERE action = 'denied' AND at_ms < "
                   "(SELECT at_ms FROM audit_log WHERE action = 'denied' ORDER BY at_ms DESC LIMIT 1 OFFSET ?1)",
                   limits::denials_kept - 1));
}

}  // namespace

task<result<audit_page>> sqlite_audit_store::list(audit_query query) {
    auto job = [query = std::move(query)](sql::database& db) { return select_page(db, query); };
    co_return co_await store_.read(std::move(job));
}

task<result<audit_stretch>> sqlite_audit_store::follow(audit_query query, std::optional<std::int64_t> after) {
    auto job = [query = std::move(query), after](sql::database& db) -> result<audit_stretch> {
        if (after) return select_stretch(db, query, *after);
        const auto end = last_id(db);
        if (!end) return end.error();
        return audit_stretch{{}, *end};
    };
    co_return co_await store_.read(std::move(job));
}

task<result<void>> sqlite_audit_store::add_denials(std::vector<denial_sum> sums) {
    auto job = [sums = std::move(sums)](sql::database& db) { return insert_denials(db, sums); };
    co_return co_await store_.write(std::move(job));
}

}  // namespace stagedoor::store
