#include "auth-service/src/store/sqlite_outbox.hpp"

#include <spdlog/spdlog.h>

#include "auth-service/src/store/sqlite_outbox_rows.hpp"
#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using approval::ended_session;
using approval::feed_ref;
using approval::outbox_row;
using runtime::task;

result<std::vector<user_event>> select_events(sql::database& db, const approval::events_start& from,
                                              std::size_t most) {
    static const std::string sql = "SELECT version, " + event_columns +
                                   " FROM outbox WHERE user_id = ?1 AND version >= ?2 ORDER BY version LIMIT ?3";
    auto found = db.query(sql, from.user.text(), from.version, most);
    if (!found) return found.error();
    std::vector<user_event> run;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return run;
        const auto& row = found->row();
        auto event = event_at(row, 1);
        if (!event || event->facts.version != row.integer(0)) {
            run.clear();
            continue;
        }
        if (!run.empty() && run.back().facts.version + 1 != event->facts.version) run.clear();
        run.push_back(std::move(*event));
    }
}

result<feed_ref> select_feed(sql::database& db) {
    auto found = db.query("SELECT run_id, feed FROM relay_state");
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return errc::internal_error;  // a migration has put the one row there
    return feed_ref{std::string{found->row().text(0)}, found->row().integer(1)};
}

result<approval::outbox_standing> select_standing(sql::database& db, std::int64_t cursor) {
    static const std::string sql = "SELECT run_id, feed, (SELECT " + std::string{event_name_column} +
                                   " FROM outbox WHERE id = ?1), coalesce((SELECT seq FROM sqlite_sequence "
                                   "WHERE name = 'outbox'), 0) FROM relay_state";
    auto found = db.query(sql, cursor);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return errc::internal_error;  // a migration has put the one row there
    const auto& row = found->row();
    approval::outbox_standing standing;
    standing.fed = feed_ref{std::string{row.text(0)}, row.integer(1)};
    if (const auto event = row.optional_text(2)) standing.at_cursor = std::string{*event};
    standing.newest = row.integer(3);
    return standing;
}

// How many rows behind `cursor` are gone: ids are given without holes.
result<std::int64_t> count_missing(sql::database& db, std::int64_t cursor) {
    auto found = db.query(
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0) - ?1 - "
        "(SELECT count(*) FROM outbox WHERE id > ?1)",
        cursor);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return found->row().integer(0);
}

result<bool> as_flag(const result<std::int64_t>& count) {
    if (!count) return result<bool>{boost::system::in_place_error, count.error()};
    return result<bool>{boost::system::in_place_value, *count > 0};
}

result<std::vector<ended_session>> select_ends(sql::database& db, const session_id& after, std::size_t most) {
    auto found = db.query(
        "SELECT user_id, id, end_reason, ended_at_ms FROM sessions WHERE id > ?1 AND ended_at_ms IS NOT NULL "
        "AND expires_at_ms > (SELECT now_ms FROM clock) ORDER BY id LIMIT ?2",
        after.text(), most);
    if (!found) return found.error();
    std::vector<ended_session> ends;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return ends;
        const auto end = end_at(found->row(), 0, 1, 2, 3);
        if (end) ends.push_back(*end);  // the schema lets no other ids in
    }
}

}  // namespace

task<result<void>> sqlite_outbox::park_spoilt(std::vector<std::int64_t> ids) {
    if (ids.empty()) co_return result<void>{};
    for (const auto id : ids) spdlog::error("outbox row {} cannot be read and is parked", id);
    auto job = [ids = std::move(ids)](sql::database& db) -> result<void> {
        for (const auto id : ids) {
            const auto parked = db.execute("UPDATE outbox SET parked_reason = 'unreadable' WHERE id = ?1", id);
            if (!parked) return parked.error();
        }
        return {};
    };
    co_return co_await store_.write(std::move(job));
}

task<result<approval::outbox_scan>> sqlite_outbox::unpublished(std::size_t most, approval::id_ranges known) {
    auto job = [most, known](sql::database& db) { return scan(db, most, known); };
    auto found = co_await store_.read(std::move(job));
    if (!found) co_return found.error();
    const bool spoilt = !found->spoilt.empty();
    const auto parked = co_await park_spoilt(std::move(found->spoilt));
    if (!parked) co_return parked.error();
    // Fewer than there are means the end to the caller: read them again without the spoilt ones.
    if (spoilt) co_return co_await unpublished(most, std::move(known));
    co_return approval::outbox_scan{std::move(found->rows), std::move(found->newest)};
}

task<result<std::vector<outbox_row>>> sqlite_outbox::rows_after(std::int64_t id, std::size_t most) {
    auto job = [id, most](sql::database& db) {
        return rows_behind(db, id, most);
    };
    auto found = co_await store_.read(std::move(job));
    if (!found) co_return found.error();
    const bool spoilt = !found->spoilt.empty();
    const auto parked = co_await park_spoilt(std::move(found->spoilt));
    if (!parked) co_return parked.error();
    // Fewer than there are means the end to the caller: read them again without the spoilt ones.
    if (spoilt) co_return co_await rows_after(id, most);
    co_return std::move(found->rows);
}

task<result<std::vector<ended_session>>> sqlite_outbox::ends_after(session_id after, std::size_t most) {
    auto job = [after, most](sql::database& db) { return select_ends(db, after, most); };
    co_return co_await store_.read(std::move(job));
}

task<result<approval::outbox_standing>> sqlite_outbox::standing(std::int64_t cursor) {
    auto job = [cursor](sql::database& db) { return select_standing(db, cursor); };
    co_return co_await store_.read(std::move(job));
}

task<result<std::vector<std::vector<user_event>>>> sqlite_outbox::events_from(
    std::vector<approval::events_start> each, std::size_t most) {
    auto job = [each = std::move(each), most](sql::database& db) -> result<std::vector<std::vector<user_event>>> {
        std::vector<std::vector<user_event>> runs;
        runs.reserve(each.size());
        for (const auto& from : each) {
            auto run = select_events(db, from, most);
            if (!run) return run.error();
            runs.push_back(std::move(*run));
        }
        return runs;
    };
    co_return co_await store_.read(std::move(job));
}

task<result<void>> sqlite_outbox::mark_published(approval::id_ranges ids, feed_ref to) {
    auto job = [ids = std::move(ids), to = std::move(to)](sql::database& db) -> result<void> {
        const auto fed = select_feed(db);
        if (!fed) return fed.error();
        if (*fed != to) return {};
        for (const auto& [first, last] : ids.ranges()) {
            const auto marked = db.execute(
                "UPDATE outbox NOT INDEXED SET published_at_ms = (SELECT now_ms FROM clock) "
                "WHERE id BETWEEN ?1 AND ?2 AND published_at_ms IS NULL",
                first, last);
            if (!marked) return marked.error();
        }
        return {};
    };
    co_return co_await store_.write(std::move(job));
}

task<result<bool>> sqlite_outbox::rows_missing_after(std::int64_t id) {
    auto job = [id](sql::database& db) { return count_missing(db, id); };
    const auto missing = co_await store_.read(std::move(job));
    co_return as_flag(missing);
}

task<result<bool>> sqlite_outbox::switch_feed(feed_ref to) {
    auto look = [](sql::database& db) { return select_feed(db); };
    const auto fed = co_await store_.read(std::move(look));
    if (!fed) co_return failed<bool>(fed.error());
    if (*fed == to) co_return true;  // each step of a replay asks: no write for that
    auto job = [to = std::move(to)](sql::database& db) -> result<std::int64_t> {
        const auto switched = db.execute(
            "UPDATE relay_state SET run_id = ?1, feed = ?2, switched_at_ms = (SELECT now_ms FROM clock) "
            "WHERE feed = ?2 - 1",
            to.run_id, to.feed);
        if (!switched) return switched.error();
        if (*switched == 0) {
            const auto now = select_feed(db);
            if (!now) return now.error();
            return *now == to ? 1 : 0;
        }
        const auto unparked = db.execute(
            "UPDATE outbox SET parked_reason = NULL, attempts = 0 "
            "WHERE parked_reason IS NOT NULL AND parked_reason <> 'unreadable' AND published_at_ms IS NULL");
        if (!unparked) return unparked.error();
        return 1;
    };
    const auto switched = co_await store_.write(std::move(job));
    co_return as_flag(switched);
}

task<result<void>> sqlite_outbox::park(std::int64_t id, std::string reason) {
    auto job = [id, reason = std::move(reason)](sql::database& db) {
        return done(db.execute("UPDATE outbox SET parked_reason = ?2, attempts = attempts + ?3 WHERE id = ?1", id,
                               reason, limits::relay_attempts));
    };
    co_return co_await store_.write(std::move(job));
}

}  // namespace stagedoor::store
