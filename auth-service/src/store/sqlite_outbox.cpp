#include "auth-service/src/store/sqlite_outbox.hpp"

#include <spdlog/spdlog.h>

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using approval::ended_session;
using approval::feed_ref;
using approval::outbox_mark;
using approval::outbox_row;
using runtime::task;

struct scanned {
    approval::outbox_scan whole;
    std::vector<std::int64_t> spoilt;
};

std::optional<ended_session> end_at(const sql::statement& row, int user, int session, int reason) {
    const auto of = user_id::parse(row.text(user));
    const auto which = session_id::parse(row.text(session));
    if (!of || !which) return std::nullopt;
    const auto* const known = find_problem(row.text(reason));
    return ended_session{{*of, *which}, known ? known->error : errc::session_revoked};
}

// A user's event is named by its version, an end by its session.
constexpr std::string_view event_name = "CASE kind WHEN 'user_event' THEN user_id || '.' || version ELSE session_id END";

result<outbox_mark> newest_mark(sql::database& db) {
    static const std::string sql =
        "SELECT id, " + std::string{event_name} + " FROM outbox ORDER BY id DESC LIMIT 1";
    auto found = db.query(sql);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return outbox_mark{};
    return outbox_mark{found->row().integer(0), std::string{found->row().text(1)}};
}

result<scanned> scan(sql::database& db, std::size_t most) {
    // First: what is committed between the two statements has a higher id.
    auto newest = newest_mark(db);
    if (!newest) return newest.error();
    static const std::string sql = "SELECT id, kind, user_id, version, session_id, reason, " + event_columns +
                                   " FROM outbox WHERE published_at_ms IS NULL AND parked_reason IS NULL "
                                   "ORDER BY id LIMIT ?1";
    auto found = db.query(sql, most);
    if (!found) return found.error();
    scanned all;
    all.whole.newest = std::move(*newest);
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return all;
        const auto& row = found->row();
        const auto id = row.integer(0);
        if (row.text(1) == "session_ended") {
            const auto end = end_at(row, 2, 4, 5);
            if (end) all.whole.rows.push_back({id, *end});
            if (!end) all.spoilt.push_back(id);
            continue;
        }
        auto event = event_at(row, 6);
        const bool whole = event && event->facts.id.text() == row.text(2) && event->facts.version == row.integer(3);
        if (whole) all.whole.rows.push_back({id, std::move(*event)});
        if (!whole) all.spoilt.push_back(id);
    }
}

result<std::vector<user_event>> select_events(sql::database& db, const user_id& user, std::int64_t version,
                                              std::size_t most) {
    static const std::string sql = "SELECT version, " + event_columns +
                                   " FROM outbox WHERE user_id = ?1 AND version >= ?2 ORDER BY version LIMIT ?3";
    auto found = db.query(sql, user.text(), version, most);
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

result<void> for_each_id(sql::database& db, std::string_view sql, const std::vector<std::int64_t>& ids) {
    for (const auto id : ids) {
        const auto written = db.execute(sql, id);
        if (!written) return written.error();
    }
    return {};
}

}  // namespace

task<result<approval::outbox_scan>> sqlite_outbox::unpublished(std::size_t most) {
    auto job = [most](sql::database& db) { return scan(db, most); };
    auto found = co_await store_.read(std::move(job));
    if (!found) co_return found.error();
    if (!found->spoilt.empty()) {
        for (const auto id : found->spoilt) spdlog::error("outbox row {} cannot be read and is parked", id);
        auto park = [spoilt = std::move(found->spoilt)](sql::database& db) {
            return for_each_id(db, "UPDATE outbox SET parked_reason = 'unreadable' WHERE id = ?1", spoilt);
        };
        const auto parked = co_await store_.write(std::move(park));
        if (!parked) co_return parked.error();
    }
    co_return std::move(found->whole);
}

task<result<std::vector<user_event>>> sqlite_outbox::events_from(user_id user, std::int64_t version, std::size_t most) {
    auto job = [user, version, most](sql::database& db) { return select_events(db, user, version, most); };
    co_return co_await store_.read(std::move(job));
}

task<result<void>> sqlite_outbox::mark_published(std::vector<std::int64_t> ids, feed_ref to) {
    auto job = [ids = std::move(ids), to = std::move(to)](sql::database& db) -> result<void> {
        const auto fed = select_feed(db);
        if (!fed) return fed.error();
        if (*fed != to) return {};
        return for_each_id(db,
                           "UPDATE outbox SET published_at_ms = (SELECT now_ms FROM clock) "
                           "WHERE id = ?1 AND published_at_ms IS NULL",
                           ids);
    };
    co_return co_await store_.write(std::move(job));
}

task<result<feed_ref>> sqlite_outbox::switch_feed(std::string run_id) {
    auto job = [run_id = std::move(run_id)](sql::database& db) -> result<feed_ref> {
        const auto switched = db.execute(
            "UPDATE relay_state SET run_id = ?1, feed = feed + 1, switched_at_ms = (SELECT now_ms FROM clock)", run_id);
        if (!switched) return switched.error();
        return select_feed(db);
    };
    co_return co_await store_.write(std::move(job));
}

}  // namespace stagedoor::store
