// T1, T4: what the triggers on the ledger do, whoever writes.
#include <string>

#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

const string end_it = "UPDATE sessions SET ended_at_ms = 1700000000000, end_reason = 'session_revoked'";

TEST_CASE("the end of a session is one outbox row and one audit row, whoever ends it", "[sql]") {
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        add_anna_and_bert(db);
        sign_anna_in(db);
        CHECK(hand.write(db, end_it) == "");
        CHECK(db.ask(
                  "SELECT json_array(kind, user_id, version, session_id, event_type, facts, reason, actor) FROM outbox "
                  "ORDER BY id DESC LIMIT 1") == R"(["session_ended",")" + string{anna} + R"(",null,")" +
                                                     string{anna_tab} + R"(",null,null,"session_revoked","sql"])");
        CHECK(db.ask("SELECT action || ' ' || session_id || ' ' || reason FROM audit_log ORDER BY id DESC LIMIT 1") ==
              "session_ended " + string{anna_tab} + " session_revoked");
        CHECK(db.ask("SELECT version FROM users WHERE id = '" + string{anna} + "'") == "1");
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("the end of a session is final", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    REQUIRE(db.connection().run_script(end_it));
    const auto before = db.contents();
    for (const auto& hand : all_hands()) {
        for (const string clause : {"", "OR IGNORE", "OR REPLACE"}) {
            for (const string set : {"ended_at_ms = NULL", "ended_at_ms = NULL, end_reason = NULL", "ended_at_ms = 5",
                                     "end_reason = 'session_signed_out'", "end_reason = NULL"}) {
                INFO(hand.name << ": " << clause << " " << set);
                CHECK_THAT(hand.write(db, "UPDATE " + clause + " sessions SET " + set),
                           Catch::Contains("session_ended: the end of a session is final"));
            }
        }
        CHECK(hand.write(db, end_it) == "");  // nothing new
        CHECK(db.contents() == before);
    }
}

TEST_CASE("what is over can be purged, and is not told of again", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    CHECK(all_hands()[0].write(db, "DELETE FROM sessions") != "");
    REQUIRE(db.connection().run_script(end_it));
    CHECK(all_hands()[0].write(db, "DELETE FROM sessions") == "");
    CHECK(db.ask("SELECT count(*) FROM outbox WHERE kind = 'session_ended'") == "1");

    REQUIRE(db.connection().execute(
        "INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms) "
        "VALUES ('aaaaaaaa-0000-4000-8000-000000000002', ?1, 1, 'pending', 1, 2)",
        anna));
    CHECK(all_hands()[0].write(db, "DELETE FROM sessions") == "");
}

TEST_CASE("a session may begin with an epoch that has passed, and is then never valid", "[sql]") {
    // K7: the epoch was read with the password hash; a suspension in between has to win.
    test_database db;
    add_anna_and_bert(db);
    REQUIRE(db.connection().execute("UPDATE users SET epoch = 5"));
    CHECK(all_hands()[0].write(db,
                               "INSERT INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms) VALUES ('" +
                                   string{anna_tab} + "', '" + string{anna} + "', 4, 'pending', 4102444800000)") == "");
}

TEST_CASE("a session lives while it is neither ended nor expired and its epoch is the user's, or it was kept", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    const auto living = [&] { return db.ask("SELECT count(*) FROM living_sessions WHERE user_id = '" + string{anna} + "'"); };
    const string keep = "UPDATE users SET epoch = epoch + 1, kept_epoch = epoch + 1, kept_session = '" +
                        string{anna_tab} + "' WHERE id = '" + string{anna} + "'";
    CHECK(living() == "1");
    REQUIRE(db.connection().run_script(keep));
    CHECK(living() == "1");
    REQUIRE(db.connection().run_script(keep));
    CHECK(living() == "1");
    REQUIRE(db.connection().execute("UPDATE users SET epoch = epoch + 1"));
    CHECK(living() == "0");
    REQUIRE(db.connection().execute(
        "INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms) "
        "SELECT 'aaaaaaaa-0000-4000-8000-000000000002', id, epoch, status, 1, 2 FROM users WHERE id = ?1",
        anna));
    CHECK(living() == "0");
}

TEST_CASE("no statement keeps a session that has ended, whoever writes", "[sql]") {
    const std::vector<string> ways_to_end{
        end_it,
        "UPDATE users SET epoch = epoch + 1 WHERE id = '" + string{anna} + "'",
        "UPDATE users SET status = 'active'; UPDATE users SET status = 'suspended'",
    };
    for (const auto& hand : all_hands()) {
        for (const auto& way : ways_to_end) {
            for (const string clause : {"", "OR IGNORE", "OR REPLACE"}) {
                INFO(hand.name << ": " << clause << " after " << way);
                test_database db;
                add_anna_and_bert(db);
                sign_anna_in(db);
                REQUIRE(db.connection().run_script(way));
                const auto before = db.contents();
                CHECK_THAT(hand.write(db, "UPDATE " + clause + " users SET epoch = epoch + 1, kept_epoch = epoch + 1, "
                                          "kept_session = '" + string{anna_tab} + "' WHERE id = '" + string{anna} + "'"),
                           Catch::Contains("session_over"));
                CHECK(db.contents() == before);
            }
        }
    }
}

TEST_CASE("nobody keeps somebody else's session", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    CHECK_THAT(all_hands()[0].write(db, "UPDATE users SET epoch = epoch + 1, kept_epoch = epoch + 1, kept_session = '" +
                                            string{anna_tab} + "' WHERE id = '" + string{bert} + "'"),
               Catch::Contains("session_over"));
}

}  // namespace
}  // namespace stagedoor::tests
