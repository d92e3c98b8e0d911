#include "auth-service/src/store/sqlite_session_ledger.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using runtime::task;
using session::ledger_entry;
using session::ledger_state;
using session::session_ref;

// A reason by hand that is no code of ours means that somebody ended it.
errc reason_of(std::string_view text) noexcept {
    const auto* const known = find_problem(text);
    return known ? known->error : errc::session_revoked;
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
                                   "address, end_reason FROM sessions JOIN users ON users.id = sessions.user_id "
                                   "WHERE sessions.id = ?1 AND sessions.user_id = ?2";
    auto found = db.query(sql, who.session.text(), who.user.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<ledger_state>{};

    const auto& row = found->row();
    constexpr int at = facts_column_count;
    ledger_entry entry{who,
                       row.integer(at),
                       parse_status(row.text(at + 1)).value_or(user_status::suspended),
                       from_unix_ms(row.integer(at + 2)),
                       from_unix_ms(row.integer(at + 3)),
                       std::string{row.text(at + 4)},
                       std::string{row.text(at + 5)}};
    const auto ended = row.optional_text(at + 6);
    return std::optional{
        ledger_state{std::move(entry), ended ? std::optional{reason_of(*ended)} : std::nullopt, facts_at(row, 0)}};
}

result<std::int64_t> end_session(sql::database& db, const session_ref& who, errc reason) {
    const auto ended = db.execute(
        "UPDATE sessions SET ended_at_ms = (SELECT now_ms FROM clock), end_reason = ?3 "
        "WHERE id = ?1 AND user_id = ?2 AND ended_at_ms IS NULL",
        who.session.text(), who.user.text(), problem_of(reason).code);
    if (!ended || *ended == 0) return ended;
    auto told = db.query("SELECT id FROM outbox WHERE session_id = ?1", who.session.text());
    if (!told) return told.error();
    const auto there = told->next();
    if (!there) return there.error();
    return told->row().integer(0);
}

}  // namespace

task<result<void>> sqlite_session_ledger::begin(ledger_entry entry) {
    auto job = [entry = std::move(entry)](sql::database& db) { return insert_session(db, entry); };
    co_return co_await store_.write(std::move(job));
}

task<result<std::optional<ledger_state>>> sqlite_session_ledger::find(session_ref who) {
    auto job = [who](sql::database& db) { return select_session(db, who); };
    co_return co_await store_.read(std::move(job));
}

task<result<std::int64_t>> sqlite_session_ledger::end(session_ref who, errc reason, std::string by) {
    auto job = [who, reason](sql::database& db) { return end_session(db, who, reason); };
    author author_of_end{std::move(by), "api", {}};
    co_return co_await store_.change(std::move(author_of_end), std::move(job));
}

}  // namespace stagedoor::store
