// S1: a statement typed by hand either does everything or fails with a reason, whatever conflict clause it carries.
#include <string>
#include <vector>

#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

const string a = "'" + string{anna} + "'";
const string b = "'" + string{bert} + "'";
const string new_id = "'0190f000-0000-7000-8000-00000000000c'";
const string tab = "'" + string{anna_tab} + "'";
const string insert_session = "INSERT {or} INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms) VALUES ";

// A statement that raises the version itself, with all that belongs to it.
const string now = "(SELECT now_ms FROM clock)";
const string approve_in_one_step = "UPDATE {or} users SET status = 'active', version = version + 1, updated_at_ms = " + now;

// Each is refused with a message and leaves everything as it was. {or} stands for each conflict clause in turn.
const std::vector<string> refused_statements{
    // an id or e-mail that is taken
    "INSERT {or} INTO users (id, email, display_name) VALUES (" + a + ", 'new@example.com', 'N')",
    "INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id + ", 'anna@example.com', 'N')",
    "INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id + ", 'ANNA@example.com', 'N')",
    "INSERT {or} INTO users SELECT * FROM users",
    "UPDATE {or} users SET email = 'bert@example.com' WHERE id = " + a,
    "UPDATE {or} users SET email = 'BERT@EXAMPLE.COM' WHERE id = " + a,
    "UPDATE {or} users SET email = 'one@example.com'",
    "UPDATE {or} users SET id = " + b + " WHERE id = " + a,
    "UPDATE {or} users SET id = " + new_id + " WHERE id = " + a,
    // a beginning that is none
    "INSERT {or} INTO users (id, email, display_name, version) VALUES (" + new_id + ", 'n@example.com', 'N', 2)",
    "INSERT {or} INTO users (id, email, display_name, status) VALUES (" + new_id +
        ", 'n@example.com', 'N', 'suspended')",
    "INSERT {or} INTO users (id, email, display_name, status) VALUES (" + new_id +
        ", 'n@example.com', 'N', 'rejected')",
    // forbidden transitions, alone and among allowed ones
    "UPDATE {or} users SET status = 'suspended' WHERE id = " + a,
    "UPDATE {or} users SET status = iif(id = " + a + ", 'active', 'suspended')",
    "UPDATE {or} users SET status = 'suspended', version = version + 1 WHERE id = " + a,
    // the version is the trigger's
    "UPDATE {or} users SET version = version + 1",
    "UPDATE {or} users SET version = version + 2 WHERE id = " + a,
    "UPDATE {or} users SET version = 0 WHERE id = " + a,
    "UPDATE {or} users SET version = version + 1, status = 'active' WHERE id = " + a,
    "UPDATE {or} users SET version = version + 1, updated_at_ms = " + now,
    "UPDATE {or} users SET version = version + 1, status = 'active', updated_at_ms = " + now + " - 1",
    "UPDATE {or} users SET version = version + 2, status = 'active', updated_at_ms = " + now,
    "UPDATE {or} users SET version = version - 1, status = 'active', updated_at_ms = " + now,
    "UPDATE {or} users SET version = NULL, status = 'active', updated_at_ms = " + now,
    "UPDATE {or} users SET version = version + 1, status = NULL, updated_at_ms = " + now,
    "UPDATE {or} users SET version = version + 1, status = 'bogus', updated_at_ms = " + now,
    "UPDATE {or} users SET version = version + 1, status = 'suspended', epoch = epoch + 1, updated_at_ms = " + now,
    "UPDATE {or} users SET version = version + 1, status = iif(id = " + a + ", 'active', 'suspended'), epoch = epoch + "
        "(id = " + b + "), updated_at_ms = " + now,
    approve_in_one_step + ", epoch = epoch + 1",
    approve_in_one_step + ", epoch = NULL",
    approve_in_one_step + ", display_name = 'Other'",
    approve_in_one_step + ", display_name = display_name",
    approve_in_one_step + ", email = 'other@example.com' WHERE id = " + a,
    approve_in_one_step + ", role = 'admin'",
    approve_in_one_step + ", password_hash = 'x'",
    approve_in_one_step + ", created_at_ms = 1",
    approve_in_one_step + ", kept_session = " + tab + ", kept_epoch = 1 WHERE id = " + a,
    approve_in_one_step + ", id = " + new_id + " WHERE id = " + a,
    "UPDATE {or} users SET updated_at_ms = 1",
    "UPDATE {or} users SET created_at_ms = 1",
    // epochs
    "UPDATE {or} users SET epoch = 0 WHERE id = " + a,
    "UPDATE {or} users SET epoch = 9007199254740992 WHERE id = " + a,
    "UPDATE users SET epoch = 3; UPDATE {or} users SET epoch = 2",
    // wrong types and sizes
    "UPDATE {or} users SET status = 'bogus'",
    "UPDATE {or} users SET status = 'ACTIVE'",
    "UPDATE {or} users SET status = NULL",
    "UPDATE {or} users SET status = 1",
    "UPDATE {or} users SET status = x'616374697665'",
    "UPDATE {or} users SET role = 'root'",
    "UPDATE {or} users SET role = NULL",
    "UPDATE {or} users SET version = 'two'",
    "UPDATE {or} users SET version = NULL",
    "UPDATE {or} users SET epoch = 'two'",
    "UPDATE {or} users SET epoch = 1.5",
    "UPDATE {or} users SET epoch = NULL",
    "UPDATE {or} users SET email = NULL WHERE id = " + a,
    "UPDATE {or} users SET email = 'no address' WHERE id = " + a,
    "UPDATE {or} users SET email = 'a@b@c' WHERE id = " + a,
    "UPDATE {or} users SET email = 'änna@example.com' WHERE id = " + a,
    "UPDATE {or} users SET email = 'anna@' || char(0) || 'example.com' WHERE id = " + a,
    "UPDATE {or} users SET email = x'616e6e6140622e63' WHERE id = " + a,
    "UPDATE {or} users SET email = printf('%.*c@example.com', 243, 'a') WHERE id = " + a,
    "UPDATE {or} users SET display_name = NULL",
    "UPDATE {or} users SET display_name = ''",
    "UPDATE {or} users SET display_name = '   '",
    "UPDATE {or} users SET display_name = printf('%.*c', 101, 'a')",
    "UPDATE {or} users SET display_name = 'An' || char(0) || 'na'",
    "UPDATE {or} users SET display_name = 'An' || char(10) || 'na'",
    "UPDATE {or} users SET display_name = x'416e6e61'",
    "UPDATE {or} users SET display_name = CAST(x'416e6e61ff' AS TEXT)",
    "UPDATE {or} users SET display_name = CAST(x'c3' AS TEXT)",
    "UPDATE {or} users SET display_name = CAST(x'80416e' AS TEXT)",
    "UPDATE {or} users SET display_name = CAST(x'eda080' AS TEXT)",
    "UPDATE {or} users SET display_name = CAST(x'c0af' AS TEXT)",
    "UPDATE {or} users SET password_hash = NULL",
    "UPDATE {or} users SET password_hash = printf('%.*c', 257, 'a')",
    "UPDATE {or} users SET kept_session = 'nonsense', kept_epoch = 2, epoch = 2",
    "UPDATE {or} users SET kept_session = '------------------------------------', kept_epoch = 2, epoch = 2",
    "UPDATE {or} users SET kept_session = " + tab + ", kept_epoch = 3, epoch = 2",
    "INSERT {or} INTO users (id, email, display_name) VALUES (NULL, 'n@example.com', 'N')",
    "INSERT {or} INTO users (id, email, display_name) VALUES ('me', 'n@example.com', 'N')",
    "INSERT {or} INTO users (id, email, display_name) VALUES (upper(" + new_id + "), 'n@example.com', 'N')",
    "INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id + " || char(0) || 'x', 'n@example.com', 'N')",
    "INSERT {or} INTO users (id, display_name) VALUES (" + new_id + ", 'N')",
    "INSERT {or} INTO users (id, email) VALUES (" + new_id + ", 'n@example.com')",
    "INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id + ", 'n@example.com', 'N'), (" + a +
        ", 'm@example.com', 'M')",
    "INSERT {or} INTO users (id, email, display_name, created_at_ms) VALUES (" + new_id + ", 'n@example.com', 'N', -1)",
    "INSERT {or} INTO users (id, email, display_name, kept_session, kept_epoch) VALUES (" + new_id +
        ", 'n@example.com', 'N', " + tab + ", 1)",
    // an outbox row that is there already, put there by hand
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) "
    "SELECT kind, user_id, 2, 'updated', json_set(facts, '$.version', 2), 'me', 1 FROM outbox WHERE user_id = " +
        a + "; UPDATE {or} users SET version = 2 WHERE id = " + a,
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) VALUES ('user_event', " + a +
        ", 2, 'updated', '{}', 'me', 1); UPDATE {or} users SET status = 'active' WHERE id = " + a,
    "INSERT INTO audit_log (user_id, version, action, actor, origin, at_ms) VALUES (" + a +
        ", 2, 'mine', 'me', 'sql', 1); UPDATE {or} users SET status = 'active' WHERE id = " + a,
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) VALUES ('user_event', " + a +
        ", 2, 'updated', '{}', 'me', 1); " + approve_in_one_step,
    "INSERT INTO audit_log (user_id, version, action, actor, origin, at_ms) VALUES (" + b +
        ", 2, 'mine', 'me', 'sql', 1); " + approve_in_one_step,
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) VALUES ('user_event', " + new_id +
        ", 1, 'updated', '{}', 'me', 1); INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id +
        ", 'n@example.com', 'N')",
    "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) VALUES ('user_event', " + a +
        ", 2, 'updated', '{}', 'me', 1); UPDATE {or} users SET version = 2 WHERE id = " + a,
    "INSERT INTO outbox (kind, user_id, session_id, reason, actor, at_ms) VALUES ('session_ended', " + a + ", " + tab +
        ", 'session_revoked', 'me', 1); UPDATE {or} sessions SET ended_at_ms = 5, end_reason = 'session_revoked'",
    "INSERT INTO outbox (kind, user_id, session_id, reason, actor, at_ms) VALUES ('session_ended', " + a + ", " +
        new_id + ", 'session_revoked', 'me', 1); " + insert_session + "(" + new_id + ", " + a +
        ", 1, 'active', 4102444800000)",
    // the ledger
    insert_session + "('mine', " + a + ", 1, 'active', 4102444800000)",
    insert_session + "(NULL, " + a + ", 1, 'active', 4102444800000)",
    insert_session + "(" + new_id + ", " + a + ", 0, 'active', 4102444800000)",
    insert_session + "(" + new_id + ", " + a + ", NULL, 'active', 4102444800000)",
    "INSERT {or} INTO sessions SELECT * FROM sessions",
    insert_session + "(" + new_id + ", " + new_id + ", 1, 'active', 4102444800000)",
    insert_session + "(" + new_id + ", NULL, 1, 'active', 4102444800000)",
    insert_session + "(" + new_id + ", " + a + ", 2, 'active', 4102444800000)",
    insert_session + "(" + new_id + ", " + a + ", 1, 'bogus', 4102444800000)",
    insert_session + "(" + new_id + ", " + a + ", 1, 'active', 1)",
    "INSERT {or} INTO sessions (id, user_id, epoch, signed_in_status) VALUES (" + new_id + ", " + a + ", 1, 'active')",
    "INSERT {or} INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms, device) VALUES (" + new_id + ", " +
        a + ", 1, 'active', 4102444800000, printf('%.*c', 257, 'a'))",
    "INSERT {or} INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms, ended_at_ms, end_reason) VALUES "
    "(" +
        new_id + ", " + a + ", 1, 'active', 4102444800000, 1, 'session_revoked')",
    "UPDATE {or} sessions SET id = " + new_id,
    "UPDATE {or} sessions SET user_id = " + b,
    "UPDATE {or} sessions SET epoch = epoch + 1",
    "UPDATE {or} sessions SET expires_at_ms = expires_at_ms + 1",
    "UPDATE {or} sessions SET ended_at_ms = 5",
    "UPDATE {or} sessions SET end_reason = 'session_revoked'",
    "UPDATE {or} sessions SET ended_at_ms = 'now', end_reason = 'session_revoked'",
    "UPDATE {or} sessions SET ended_at_ms = 5, end_reason = 'because I can'",
    "UPDATE {or} sessions SET ended_at_ms = 5, end_reason = ''",
};

string with_clause(string statement, const string& clause) {
    const auto at = statement.find("{or}");
    return statement.replace(at, 4, clause);
}

void check_refused(const std::vector<string>& statements) {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    const auto before = db.contents();
    for (const auto& hand : all_hands()) {
        for (const auto& statement : statements) {
            INFO(hand.name << ": " << statement);
            const auto message = hand.write(db, "BEGIN; " + statement + "; COMMIT");
            // The sentence of one of our triggers, not a constraint's, which would be silent with another clause.
            CHECK_THAT(message, Catch::Matches("[^]*([a-z_]+: [a-z]|cannot store)[^]*"));
            CHECK_THAT(message, !Catch::Contains("constraint failed"));
            CHECK(db.contents() == before);
            if (db.contents() != before) return;
        }
    }
}

TEST_CASE("no conflict clause gets a statement past the rules", "[sql]") {
    for (const string clause : {"", "OR ABORT", "OR FAIL", "OR IGNORE", "OR REPLACE", "OR ROLLBACK"}) {
        std::vector<string> statements;
        for (const auto& statement : refused_statements) statements.push_back(with_clause(statement, clause));
        check_refused(statements);
    }
}

TEST_CASE("upserts, deletes and drops of rows are refused with a reason", "[sql]") {
    check_refused({
        "INSERT INTO users (id, email, display_name) VALUES (" + a + ", 'n@example.com', 'N') ON CONFLICT DO NOTHING",
        "INSERT INTO users (id, email, display_name) VALUES (" + a +
            ", 'n@example.com', 'N') ON CONFLICT (id) DO UPDATE SET status = 'active'",
        "INSERT INTO users (id, email, display_name) VALUES (" + new_id +
            ", 'anna@example.com', 'N') ON CONFLICT (email) DO UPDATE SET version = version + 1, status = 'active'",
        "REPLACE INTO users (id, email, display_name, status) VALUES (" + a + ", 'anna@example.com', 'Anna', 'active')",
        "DELETE FROM users",
        "DELETE FROM users WHERE id = " + a,
        "DELETE FROM sessions",
        "REPLACE INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms) VALUES (" + tab + ", " + a +
            ", 1, 'active', 4102444800000)",
        "UPDATE audit_log SET actor = 'somebody else'",
    });
}

TEST_CASE("allowed changes are complete under every conflict clause", "[sql]") {
    const std::vector<string> allowed{
        "UPDATE {or} users SET status = 'active'",
        approve_in_one_step,
        "UPDATE {or} users SET status = 'active', display_name = 'Ännä', email = upper(email) WHERE id = " + a,
        "UPDATE {or} users SET email = 'other@example.com' WHERE id = " + a,
        "UPDATE {or} users SET epoch = epoch + 1, kept_session = " + tab + ", kept_epoch = epoch + 1 WHERE id = " + a,
        "INSERT {or} INTO users (id, email, display_name) VALUES (" + new_id + ", 'New@example.com', 'N')",
        "UPDATE {or} sessions SET ended_at_ms = 5, end_reason = 'session_revoked'",
    };
    for (const string clause : {"", "OR FAIL", "OR IGNORE", "OR REPLACE", "OR ROLLBACK"}) {
        for (const auto& hand : all_hands()) {
            if (!hand.shell) continue;
            for (const auto& statement : allowed) {
                test_database db;
                add_anna_and_bert(db);
                sign_anna_in(db);
                const auto before = db.contents();
                INFO(hand.name << ": " << with_clause(statement, clause));
                CHECK(hand.write(db, with_clause(statement, clause)) == "");
                CHECK(db.contents() != before);
                CHECK(db.inconsistency() == "");
            }
        }
    }
}

TEST_CASE("the rules hold without CHECK constraints and foreign keys too", "[sql]") {
    std::vector<string> statements;
    for (const auto& statement : refused_statements) {
        statements.push_back("SELECT 1; " + with_clause(statement, "OR IGNORE"));
    }
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    const auto before = db.contents();
    for (const auto& statement : statements) {
        INFO(statement);
        const hand shell{"the shell", true, false};
        CHECK(shell.write(db, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF; BEGIN; " + statement +
                                  "; COMMIT") != "");
        CHECK(db.contents() == before);
    }
}

TEST_CASE("users and sessions have no hidden key by which to pass their triggers", "[sql]") {
    test_database db;
    for (const string table : {"users", "sessions"}) {
        CHECK(sqlite3_shell(db.file(), "SELECT rowid FROM " + table + ";").errors != "");
    }
}

TEST_CASE("a hand edit of the outbox stays possible", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    const hand shell{"the shell", true, false};
    CHECK(shell.write(db, "UPDATE outbox SET published_at_ms = 1; DELETE FROM outbox WHERE user_id = " + b) == "");
    CHECK(db.ask("SELECT count(*) FROM outbox") == "1");
}

}  // namespace
}  // namespace stagedoor::tests
