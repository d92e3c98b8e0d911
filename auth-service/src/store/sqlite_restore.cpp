#include "auth-service/src/store/sqlite_restore.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include "auth-service/src/store/sqlite_schema.hpp"
#include "auth-service/src/store/sqlite_store.hpp"
#include "common/sql/transaction.hpp"

namespace stagedoor::store {
namespace {

using sql::schema_problem;
using sql::schema_result;

constexpr std::int64_t highest = 9007199254740991;  // 2^53 - 1: the CHECKs of 0001

// In all statements: ?1 is restore_step, ?2 the time.

// AUTOINCREMENT goes on from here. A table without rows yet has no entry.
constexpr std::string_view begin_sequences =
    "INSERT INTO sqlite_sequence (name, seq) SELECT column1, 0 FROM (VALUES ('outbox'), ('audit_log')) "
    "WHERE column1 NOT IN (SELECT name FROM sqlite_sequence)";
constexpr std::string_view lift_sequences =
    "UPDATE sqlite_sequence SET seq = iif(?2 > seq, ?2, seq + ?1) WHERE name IN ('outbox', 'audit_log')";

// A feed without a server: whatever a Redis has, it is from before the restore (fence_policy.hpp).
constexpr std::string_view disown_redis =
    "UPDATE relay_state SET run_id = '', feed = iif(?2 > feed, ?2, feed + ?1), switched_at_ms = ?2";

// As the trigger users_changed of 0006 does it.
constexpr std::string_view tell_outbox =
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, previous_status, actor, at_ms) "
    "SELECT 'user_event', id, iif(?2 > version, ?2, version + ?1), 'updated', "
    "       json_object('id', id, 'email', email, 'displayName', display_name, 'role', role, 'status', status, "
    "                   'version', iif(?2 > version, ?2, version + ?1), 'epoch', iif(?2 > epoch, ?2, epoch + ?1), "
    "                   'keptSession', kept_session, 'keptEpoch', kept_epoch), "
    "       status, 'after-restore', ?2 "
    "  FROM users ORDER BY id";
constexpr std::string_view tell_audit_log =
    "INSERT INTO audit_log (user_id, version, action, before, after, actor, origin, at_ms) "
    "SELECT told.user_id, told.version, told.event_type, "
    "       json_object('id', users.id, 'email', users.email, 'displayName', users.display_name, 'role', users.role, "
    "                   'status', users.status, 'version', users.version, 'epoch', users.epoch, "
    "                   'keptSession', users.kept_session, 'keptEpoch', users.kept_epoch), "
    "       told.facts, told.actor, 'after-restore', told.at_ms "
    "  FROM users JOIN outbox AS told ON told.user_id = users.id AND told.version = iif(?2 > users.version, ?2, "
    "users.version + ?1) "
    " ORDER BY told.id";
constexpr std::string_view lift_users =
    "UPDATE users SET version = iif(?2 > version, ?2, version + ?1), epoch = iif(?2 > epoch, ?2, epoch + ?1), "
    "updated_at_ms = ?2";

// Which of them were revoked after the backup, nobody knows.
constexpr std::string_view revoke_tokens =
    "UPDATE api_tokens SET revoked_at_ms = iif(?2 > created_at_ms, ?2, created_at_ms + ?1) WHERE revoked_at_ms IS NULL";

struct trigger {
    std::string name;
    std::string sql;
};

schema_problem problem_of(const sql::database& db, const boost::system::error_code& error) {
    return {to_errc(error), "the database could not be changed, and is as it was: " + db.last_message()};
}

schema_problem in_use() {
    return {errc::database_busy,
            "the database is in use: stop every auth-service (SIGTERM), and close every other program that has it "
            "open"};
}

result<std::int64_t> number(sql::database& db, std::string_view text) {
    auto asked = db.query(text);
    if (!asked) return asked.error();
    const auto there = asked->next();
    if (!there) return there.error();
    return asked->row().integer(0);
}

// In WAL mode a process that is idle holds no lock that BEGIN EXCLUSIVE would meet. Leaving WAL mode needs the whole
// file, and the locking mode keeps it until the connection is closed. Whoever opens the database next turns WAL on
// again.
result<void> take_whole_file(sql::database& db) {
    const auto kept = db.run_script("PRAGMA locking_mode = EXCLUSIVE");
    if (!kept) return kept;
    auto asked = db.query("PRAGMA journal_mode = DELETE");
    if (!asked) return asked.error();
    const auto there = asked->next();
    if (!there) return there.error();
    if (asked->row().text(0) != "delete") return errc::database_busy;
    return {};
}

result<std::vector<trigger>> triggers_on_users(sql::database& db) {
    auto found = db.query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'users'");
    if (!found) return found.error();
    std::vector<trigger> all;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return all;
        all.push_back({std::string{found->row().text(0)}, std::string{found->row().text(1)}});
    }
}

result<void> lift(sql::database& db) {
    const auto now = number(db, "SELECT now_ms FROM clock");
    if (!now) return now.error();
    const auto begun = db.execute(begin_sequences);
    if (!begun) return begun.error();
    for (const auto text : {lift_sequences, disown_redis, tell_outbox, tell_audit_log, lift_users, revoke_tokens}) {
        const auto done = db.execute(text, restore_step, *now);
        if (!done) return done.error();
    }
    return {};
}

// The triggers raise a version by one and never otherwise (S1). They are away for this one transaction, which nobody
// sees from within.
result<void> lift_without_triggers(sql::database& db) {
    const auto triggers = triggers_on_users(db);
    if (!triggers) return triggers.error();
    for (const auto& each : *triggers) {
        const auto dropped = db.run_script("DROP TRIGGER " + each.name);
        if (!dropped) return dropped;
    }
    const auto lifted = lift(db);
    if (!lifted) return lifted;
    for (const auto& each : *triggers) {
        const auto made = db.run_script(each.sql);
        if (!made) return made;
    }
    return {};
}

schema_result<restored> count(sql::database& db) {
    const auto users = number(db, "SELECT count(*) FROM users");
    if (!users) return problem_of(db, users.error());
    const auto sessions = number(db, "SELECT count(*) FROM living_sessions");
    if (!sessions) return problem_of(db, sessions.error());
    const auto top = number(db,
                            "SELECT max(feed, coalesce((SELECT max(seq) FROM sqlite_sequence), 0), "
                            "coalesce((SELECT max(max(version, epoch)) FROM users), 0)) FROM relay_state");
    if (!top) return problem_of(db, top.error());
    if (*top > highest - restore_step) {
        return schema_problem{
            errc::internal_error,
            "a version or epoch of a user, an id of outbox or audit_log, or the count of the feed is " +
                std::to_string(*top) + ": it cannot be lifted by " + std::to_string(restore_step) +
                " and stay below 2^53. Nothing was changed"};
    }
    return restored{*users, *sessions};
}

schema_result<restored> lift_everything(sql::database& db) {
    auto writing = sql::transaction::begin(db, sql::intent::write);
    if (!writing) return problem_of(db, writing.error());
    const auto found = sql::check_schema(db, sqlite_schema());
    if (!found) return found.error();
    const auto counted = count(db);
    if (!counted) return counted;
    const auto lifted = lift_without_triggers(db);
    if (!lifted) return problem_of(db, lifted.error());
    const auto proved = sql::check_schema(db, sqlite_schema());
    if (!proved) return proved.error();
    const auto committed = writing->commit();
    if (!committed) return problem_of(db, committed.error());
    return counted;
}

}  // namespace

schema_result<restored> after_restore(const std::string& path) {
    std::error_code unreadable;
    if (!std::filesystem::exists(path, unreadable)) {
        return schema_problem{errc::database_unavailable, "there is no database at " + path};
    }
    std::string why;
    const auto db = sql::database::open(path, {}, &why);
    if (!db) {
        if (db.error() == errc::database_busy) return in_use();
        return cannot_open(path, db.error(), why);
    }
    // Before anything of it is changed.
    const auto ours = sql::check_schema(**db, sqlite_schema());
    if (!ours) return schema_problem{ours.error().error, path + ": " + ours.error().message};
    const auto taken = take_whole_file(**db);
    if (!taken) {
        if (taken.error() == errc::database_busy) return in_use();
        return problem_of(**db, taken.error());
    }
    return lift_everything(**db);
}

}  // namespace stagedoor::store
