#include "auth-service/src/store/sqlite_session_ledger.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::store {
namespace {

using runtime::task;
using session::ended;
using session::ledger_entry;
using session::ledger_state;
using session::session_ref;

// A reason by hand that is no code of ours means that somebody ended it.
// Columns of a ledger entry, to be read by entry_at from the column where they begin.
const std::string entry_columns = "epoch, signed_in_status, created_at_ms, expires_at_ms, device, address";
constexpr int entry_column_count = 6;

ledger_entry entry_at(const sql::statement& row, int column, const session_ref& who) {
    return {who,
            row.integer(column),
            parse_status(row.text(column + 1)).value_or(user_status::suspended),
            from_unix_ms(row.integer(column + 2)),
            from_unix_ms(row.integer(column + 3)),
            std::string{row.text(column + 4)},
            std::string{row.text(column + 5)}};
}

// A check waits for nobody's lock, so it may wait that much longer for its turn on a busy machine: after what it may have
// spent on Redis it is still answered within a second.
constexpr auto check_patience = limits::database_queue_time + limits::database_busy_time;

// K7: whatever has raised the epoch since the password was verified wins.
result<void> check_epoch(sql::database& db, const ledger_entry& entry) {
    auto found = db.query("SELECT epoch FROM users WHERE id = ?1", entry.who.user.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return errc::not_found;
    if (entry.epoch < found->row().integer(0)) return errc::session_revoked;
    return {};
}

result<void> insert_session(sql::database& db, const ledger_entry& entry) {
    return done(
        db.execute("INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms, "
                   "device, address) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                   entry.who.session.text(), entry.who.user.text(), entry.epoch, to_string(entry.status_at_sign_in),
                   to_unix_ms(entry.created_at), to_unix_ms(entry.expires_at), entry.device, entry.address));
}

result<std::optional<ledger_state>> select_session(sql::database& db, const session_ref& who) {
    static const std::string sql = "SELECT " + facts_columns +
                                   ", sessions.epoch, signed_in_status, sessions.created_at_ms, expires_at_ms, device, "
                                   "address, end_reason, (SELECT now_ms FROM clock) "
                                   "FROM sessions JOIN users ON users.id = sessions.user_id "
                                   "WHERE sessions.id = ?1 AND sessions.user_id = ?2";
    auto found = db.query(sql, who.session.text(), who.user.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<ledger_state>{};

    const auto& row = found->row();
    constexpr int at = facts_column_count;
    const auto reason = row.optional_text(at + entry_column_count);
    return std::optional{ledger_state{entry_at(row, at, who), reason ? std::optional{end_reason_of(*reason)} : std::nullopt,
                                      facts_at(row, 0), from_unix_ms(row.integer(at + entry_column_count + 1))}};
}

result<std::optional<ended>> end_session(sql::database& db, const session_ref& who, errc reason) {
    const auto changed = db.execute(
        "UPDATE sessions SET ended_at_ms = (SELECT now_ms FROM clock), end_reason = ?3 "
        "WHERE id = ?1 AND user_id = ?2 AND ended_at_ms IS NULL",
        who.session.text(), who.user.text(), problem_of(reason).code);
    if (!changed) return changed.error();
    auto untold = db.query(
        "SELECT id, reason FROM outbox WHERE session_id = ?1 AND user_id = ?2 AND published_at_ms IS NULL",
        who.session.text(), who.user.text());
    if (!untold) return untold.error();
    const auto there = untold->next();
    if (!there) return there.error();
    if (!*there) return std::optional<ended>{};
    const auto& row = untold->row();
    return std::optional{ended{who, end_reason_of(row.text(1)), row.integer(0)}};
}

result<std::vector<ledger_entry>> select_living(sql::database& db, const user_id& user) {
    static const std::string sql = "SELECT id, " + entry_columns +
                                   " FROM living_sessions WHERE user_id = ?1 "
                                   "ORDER BY created_at_ms DESC, id DESC LIMIT ?2";
    auto found = db.query(sql, user.text(), limits::sessions_per_user_max);
    if (!found) return found.error();
    std::vector<ledger_entry> living;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return living;
        const auto id = session_id::parse(found->row().text(0));
        if (id) living.push_back(entry_at(found->row(), 1, {user, *id}));
    }
}

// The newest one stays whatever the clocks of nodes say.
result<std::vector<session_ref>> select_displaced(sql::database& db, const session_ref& newest, std::size_t most) {
    auto found = db.query(
        "SELECT id FROM living_sessions WHERE user_id = ?1 "
        "ORDER BY id = ?2 DESC, created_at_ms DESC, id DESC LIMIT ?3 OFFSET ?4",
        newest.user.text(), newest.session.text(), limits::sessions_per_user_max, most);
    if (!found) return found.error();
    std::vector<session_ref> oldest;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return oldest;
        const auto id = session_id::parse(found->row().text(0));
        if (id) oldest.push_back({newest.user, *id});
    }
}

result<std::vector<ended>> begin_session(sql::database& db, const ledger_entry& entry, std::size_t most,
                                         const std::vector<session_ref>& in_place_of) {
    const auto alive = check_epoch(db, entry);
    if (!alive) return alive.error();
    const auto inserted = insert_session(db, entry);
    if (!inserted) return inserted.error();
    std::vector<ended> ends;
    for (const auto& who : in_place_of) {
        const auto end = end_session(db, who, errc::session_signed_out);
        if (end && *end) ends.push_back(**end);
    }
    const auto displaced = select_displaced(db, entry.who, most);
    if (!displaced) return displaced.error();
    for (const auto& who : *displaced) {
        const auto end = end_session(db, who, errc::session_displaced);
        if (!end) return end.error();
        if (*end) ends.push_back(**end);
    }
    return ends;
}

}  // namespace

task<result<std::vector<ended>>> sqlite_session_ledger::begin(ledger_entry entry, std::size_t most,
                                                                     std::vector<session_ref> in_place_of) {
    author who{entry.who.user.text(), "api", {}, entry.address};
    auto job = [entry = std::move(entry), most, in_place_of = std::move(in_place_of)](sql::database& db) {
        return begin_session(db, entry, most, in_place_of);
    };
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<std::optional<ledger_state>>> sqlite_session_ledger::find(session_ref who) {
    auto job = [who](sql::database& db) { return select_session(db, who); };
    co_return co_await store_.read(std::move(job), check_patience);
}

task<result<std::vector<ledger_entry>>> sqlite_session_ledger::living(user_id user) {
    auto job = [user](sql::database& db) { return select_living(db, user); };
    co_return co_await store_.read(std::move(job));
}

task<result<std::optional<ended>>> sqlite_session_ledger::end(session_ref who, errc reason, user::actor by) {
    auto job = [who, reason](sql::database& db) { return end_session(db, who, reason); };
    auto author_of_end = author_of(std::move(by));
    co_return co_await store_.change(std::move(author_of_end), std::move(job));
}

}  // namespace stagedoor::store
