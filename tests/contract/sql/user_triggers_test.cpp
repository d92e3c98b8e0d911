// T2, T3, S2, S3: what the triggers on users do, whoever writes.
#include <algorithm>
#include <string>

#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

const string anna_is = " WHERE email = 'anna@example.com'";

string last_outbox(test_database& db, const string& column) {
    return db.ask("SELECT " + column + " FROM outbox ORDER BY id DESC LIMIT 1");
}

string last_audit(test_database& db, const string& column) {
    return db.ask("SELECT " + column + " FROM audit_log ORDER BY id DESC LIMIT 1");
}

struct step {
    string set;
    string event;
};

TEST_CASE("every change of a user raises the version by one and leaves one outbox row and one audit row", "[sql]") {
    for (const auto& hand : all_hands()) {
        test_database db;
        add_anna_and_bert(db);
        const std::vector<step> steps{
            {"status = 'rejected'", "rejected"},
            {"status = 'pending'", "reconsidered"},
            {"status = 'active'", "approved"},
            {"status = 'suspended'", "suspended"},
            {"status = 'active'", "reinstated"},
            {"display_name = 'Anna B.'", "updated"},
            {"display_name = 'Ånna 🎭'", "updated"},
            {"role = 'admin'", "updated"},
            {"epoch = epoch + 1", "updated"},
            {"status = 'suspended', display_name = 'Both at once'", "suspended"},
            {"email = 'anna@example.org'", "updated"},
        };
        int version = 1;
        for (const auto& step : steps) {
            INFO(hand.name << ": " << step.set);
            const auto before = db.ask("SELECT status FROM users WHERE id = '" + string{anna} + "'");
            const auto refused = hand.write(db, "UPDATE users SET " + step.set + anna_is);
            CHECK(refused == "");
            CHECK(db.ask("SELECT version FROM users WHERE id = '" + string{anna} + "'") == std::to_string(++version));
            CHECK(last_outbox(db, "event_type") == step.event);
            CHECK(last_outbox(db, "version") == std::to_string(version));
            CHECK(last_outbox(db, "previous_status") == before);
            CHECK(db.ask("SELECT updated_at_ms - at_ms BETWEEN 0 AND 1000 FROM users, outbox WHERE outbox.id = "
                         "(SELECT max(id) FROM outbox) AND users.id = user_id") == "1");
            CHECK(last_audit(db, "action") == step.event);
            CHECK(last_audit(db, "after") == last_outbox(db, "facts"));
            CHECK(last_audit(db, "before ->> '$.version'") == std::to_string(version - 1));
            CHECK(db.inconsistency() == "");
        }
    }
}

TEST_CASE("a transition in one step leaves what one by its status alone leaves", "[sql]") {
    // All that was written, but for ids and times.
    const auto written = [](test_database& db) {
        CHECK(db.inconsistency() == "");
        CHECK(db.ask("SELECT count(*) FROM users JOIN outbox ON outbox.user_id = users.id AND outbox.version = users.version "
                     "JOIN audit_log AS told ON told.user_id = users.id AND told.version = users.version "
                     "WHERE outbox.at_ms <> updated_at_ms OR told.at_ms <> updated_at_ms") == "0");
        return db.ask("SELECT json_group_array(json_array(kind, user_id, version, event_type, json(facts), "
                      "previous_status, reason, actor)) FROM outbox ORDER BY id") +
               db.ask("SELECT json_group_array(json_array(user_id, version, action, json(before), json(after), actor, "
                      "origin, reason)) FROM audit_log ORDER BY id") +
               db.ask("SELECT json_group_array(json_array(id, status, version, epoch)) FROM users") +
               db.ask("SELECT json_group_array(json_array(audit_id, address)) FROM audit_sources");
    };
    const auto change = [](test_database& db, const hand& by, const string& set) {
        CHECK(by.write(db, "BEGIN; INSERT INTO change_context (actor, origin, reason, address) "
                           "VALUES ('me', 'cli', 'why', '::1'); UPDATE users SET " + set +
                           "; DELETE FROM change_context; COMMIT") == "");
        CHECK(by.write(db, "UPDATE users SET display_name = 'Both' WHERE status = 'suspended'") == "");
    };
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database one;
        test_database two;
        add_anna_and_bert(one);
        add_anna_and_bert(two);
        for (const string status : {"rejected", "pending", "active", "suspended", "active"}) {
            const auto set = "status = '" + status + "'";
            change(one, hand, set + ", version = version + 1, updated_at_ms = (SELECT now_ms FROM clock), epoch = epoch" +
                                  (status == "suspended" ? " + 1" : ""));
            change(two, hand, set);
            CHECK(written(one) == written(two));
        }
        CHECK(one.ask("SELECT group_concat(version || epoch) FROM users") == "72,72");
    }
}

TEST_CASE("an admin who is suspended in one step loses the API tokens too", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    REQUIRE(db.connection().run_script("UPDATE users SET status = 'active', role = 'admin'"));
    REQUIRE(db.connection().execute(
        "INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_at_ms, expires_at_ms) "
        "SELECT ?1, ?2, 'a tool', zeroblob(32), '[\"read\"]', now_ms, now_ms + 1000 FROM clock",
        anna_tab, anna));
    REQUIRE(db.connection().run_script("UPDATE users SET status = 'suspended', version = version + 1, epoch = epoch + 1, "
                                       "updated_at_ms = (SELECT now_ms FROM clock)"));
    CHECK(db.ask("SELECT count(*) FROM api_tokens WHERE revoked_at_ms IS NOT NULL") == "1");
}

TEST_CASE("a new user is registered at version 1, and so is an admin who begins active", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    CHECK(last_outbox(db, "event_type || ' ' || user_id || ' ' || version") == "registered " + string{bert} + " 1");
    CHECK(last_outbox(db, "facts") ==
          R"({"id":"0190f000-0000-7000-8000-00000000000b","email":"bert@example.com","displayName":"Bert",)"
          R"("role":"stage_manager","status":"pending","version":1,"epoch":1,"keptSession":null,"keptEpoch":null})");
    int number = 0;
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        const auto ada = std::to_string(++number);
        const auto refused = hand.write(db,
                                        "INSERT INTO users (id, email, display_name, role, status) VALUES ("
                                        "'0190f000-0000-7000-8000-00000000001" +
                                            ada + "', 'ada" + ada + "@example.com', 'Ada', 'admin', 'active')");
        CHECK(refused == "");
        CHECK(last_outbox(db, "event_type || ' ' || (facts ->> '$.role')") == "registered admin");
    }
    CHECK(db.inconsistency() == "");
}

TEST_CASE("a forbidden transition is refused by a message that names both statuses", "[sql]") {
    const std::vector<std::pair<string, std::vector<string>>> ways{
        {"pending", {}}, {"active", {"active"}}, {"rejected", {"rejected"}}, {"suspended", {"active", "suspended"}}};
    const std::vector<string> allowed{"pending>active", "pending>rejected", "rejected>pending", "active>suspended",
                                      "suspended>active"};
    for (const auto& [from, path] : ways) {
        for (const string to : {"pending", "active", "rejected", "suspended"}) {
            if (from == to || std::ranges::count(allowed, from + ">" + to) != 0) continue;
            test_database db;
            add_anna_and_bert(db);
            for (const auto& status : path) {
                REQUIRE(db.connection().execute("UPDATE users SET status = ?1" + anna_is, status));
            }
            const auto before = db.contents();
            for (const auto& hand : all_hands()) {
                INFO(hand.name << ": " << from << " to " << to);
                const auto refused = hand.write(db, "UPDATE users SET status = '" + to + "'" + anna_is);
                CHECK_THAT(refused, Catch::Contains("invalid_transition: a user cannot go from " + from + " to " + to));
                CHECK(db.contents() == before);
            }
        }
    }
}

TEST_CASE("writing what is there already changes nothing and tells nothing", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    const auto before = db.contents();
    for (const auto& hand : all_hands()) {
        CHECK(hand.write(db, "UPDATE users SET status = status, email = upper(email), display_name = display_name") ==
              "");
        CHECK(db.contents() == before);
    }
}

TEST_CASE("e-mails are folded to lower case on their way in", "[sql]") {
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        CHECK(hand.write(db, "INSERT INTO users (id, email, display_name) VALUES ('" + string{anna} +
                                 "', 'ANNA@Example.com', 'Anna')") == "");
        CHECK(db.ask("SELECT email || version FROM users") == "anna@example.com1");
        CHECK(hand.write(db, "UPDATE users SET email = 'Anna.B@Example.com'") == "");
        CHECK(db.ask("SELECT email || version FROM users") == "anna.b@example.com2");
        CHECK_THAT(hand.write(db, "INSERT INTO users (id, email, display_name) VALUES ('" + string{bert} +
                                      "', 'anna.b@EXAMPLE.com', 'Bert')"),
                   Catch::Contains("email_taken"));
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("a suspension raises the epoch, and no session is kept through it", "[sql]") {
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        add_anna_and_bert(db);
        CHECK(hand.write(db, "UPDATE users SET status = 'active'" + anna_is) == "");
        CHECK(hand.write(db, "UPDATE users SET status = 'suspended'" + anna_is) == "");
        CHECK(db.ask("SELECT epoch FROM users" + anna_is) == "2");
        CHECK(hand.write(db, "UPDATE users SET status = 'active'" + anna_is) == "");
        CHECK(db.ask("SELECT epoch FROM users" + anna_is) == "2");
        sign_anna_in(db);
        CHECK(hand.write(db, "UPDATE users SET status = 'suspended', epoch = 3, kept_session = '" + string{anna_tab} +
                                 "', kept_epoch = 3" + anna_is) == "");
        CHECK(db.ask("SELECT epoch FROM users" + anna_is) == "4");
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("a session is kept only where the epoch rises, and at the new epoch", "[sql]") {
    const string keep = "kept_session = '" + string{anna_tab} + "'";
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        add_anna_and_bert(db);
        sign_anna_in(db);
        for (const string& set : {keep, keep + ", kept_epoch = 1", keep + ", kept_epoch = epoch, epoch = epoch + 1",
                                  keep + ", epoch = epoch + 1", keep + ", kept_epoch = 0, epoch = epoch + 1"}) {
            const auto before = db.contents();
            CHECK_THAT(hand.write(db, "UPDATE users SET " + set + anna_is), Catch::Contains("kept"));
            CHECK(db.contents() == before);
        }
        CHECK(hand.write(
                  db,
                  "UPDATE users SET epoch = epoch + 1, kept_epoch = epoch + 1, password_hash = password_hash || 'x', " +
                      keep + anna_is) == "");
        CHECK(last_outbox(db, "facts ->> '$.keptSession'") == anna_tab);
        CHECK(last_outbox(db, "(facts ->> '$.keptEpoch') = (facts ->> '$.epoch')") == "1");
        CHECK_THAT(hand.write(db, "UPDATE users SET kept_session = NULL, kept_epoch = NULL" + anna_is),
                   Catch::Contains("kept"));
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("a changed password hash is audited without being told", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    const auto rows = db.ask("SELECT count(*) FROM outbox");
    CHECK(all_hands()[0].write(db, "UPDATE users SET password_hash = '$other'" + anna_is) == "");
    CHECK(db.ask("SELECT version FROM users" + anna_is) == "1");
    CHECK(db.ask("SELECT count(*) FROM outbox") == rows);
    CHECK(last_audit(db, "action || ' ' || user_id || coalesce(before, '') || coalesce(after, '')") ==
          "password_changed " + string{anna});
}

TEST_CASE("the author of a change is taken from the context row, and is sql without one", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    CHECK(last_audit(db, "actor || ' ' || origin") == "sql sql");
    auto& own = db.connection();
    REQUIRE(
        own.run_script("BEGIN IMMEDIATE;"
                       "INSERT INTO change_context (actor, origin, reason) VALUES ('an admin', 'api', 'welcome');"
                       "UPDATE users SET status = 'active' WHERE email = 'anna@example.com';"
                       "DELETE FROM change_context; COMMIT"));
    CHECK(last_audit(db, "actor || ' ' || origin || ' ' || reason") == "an admin api welcome");
    CHECK(last_outbox(db, "actor || ' ' || reason") == "an admin welcome");
    REQUIRE(own.execute("UPDATE users SET status = 'suspended' WHERE email = 'anna@example.com'"));
    CHECK(last_audit(db, "actor || ' ' || origin || coalesce(reason, '')") == "sql sql");
}

TEST_CASE("the version that RETURNING tells is the one before the trigger", "[sql]") {
    // S4, and the reason why the stores select again.
    test_database db;
    add_anna_and_bert(db);
    CHECK(db.ask("UPDATE users SET status = 'active'" + anna_is + " RETURNING version") == "1");
    CHECK(db.ask("SELECT version FROM users" + anna_is) == "2");
}

TEST_CASE("the version rises by itself and alone, whatever a hand has written beside it", "[sql]") {
    const string facts = R"({"id":")" + string{anna} +
                         R"(","email":"anna@example.com","displayName":"$","role":"stage_manager","status":"pending",)"
                         R"("version":2,"epoch":1,"keptSession":null,"keptEpoch":null})";
    for (const string name : {"Anna", "Other"}) {
        test_database db;
        add_anna_and_bert(db);
        auto told = facts;
        told.replace(told.find('$'), 1, name);
        REQUIRE(db.connection().execute(
            "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) "
            "VALUES ('user_event', ?1, 2, 'updated', ?2, 'hand', 0)", anna, told));
        REQUIRE(db.connection().execute(
            "INSERT INTO audit_log (user_id, version, action, actor, origin, at_ms) VALUES (?1, 2, 'x', 'hand', 'sql', 0)",
            anna));
        const auto before = db.contents();
        for (const auto& hand : all_hands()) {
            INFO(hand.name << ": " << name);
            for (const string set : {"display_name = 'Other'", "password_hash = 'x'", "status = 'active'"}) {
                CHECK_THAT(hand.write(db, "UPDATE OR REPLACE users SET version = 2, " + set + anna_is),
                           Catch::Contains("invalid_version"));
            }
            CHECK_THAT(hand.write(db, "UPDATE users SET status = 'active'" + anna_is), Catch::Contains("outbox_conflict"));
            CHECK(db.contents() == before);
        }
    }
}

TEST_CASE("a statement over many users tells of each", "[sql]") {
    for (const auto& hand : all_hands()) {
        INFO(hand.name);
        test_database db;
        add_anna_and_bert(db);
        CHECK(hand.write(db, "UPDATE users SET status = 'active'") == "");
        CHECK(db.ask("SELECT count(*) FROM outbox WHERE event_type = 'approved'") == "2");
        CHECK(hand.write(db, "UPDATE users SET epoch = epoch + 1 FROM (SELECT 1)") == "");
        CHECK(db.ask("SELECT group_concat(version) FROM users") == "3,3");
        const auto before = db.contents();
        CHECK(hand.write(db, "UPDATE users SET email = 'same@example.com'") != "");
        CHECK(hand.write(db,
                         "UPDATE users SET email = iif(email LIKE 'anna%', 'bert@example.com', 'anna@example.com')") !=
              "");
        CHECK(db.contents() == before);
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("an outbox id is never used twice, also after a purge", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    const auto newest = std::stoll(last_outbox(db, "id"));
    REQUIRE(db.connection().execute("DELETE FROM outbox"));
    CHECK(all_hands()[0].write(db, "UPDATE users SET status = 'active'" + anna_is) == "");
    CHECK(std::stoll(last_outbox(db, "id")) == newest + 1);
}

TEST_CASE("a database that was dumped and loaded again keeps its rows and its rules", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    sign_anna_in(db);
    const temporary_folder folder;
    const auto dump = sqlite3_shell(db.file(), ".dump");
    REQUIRE(dump.exit_code == 0);
    const auto load = sqlite3_shell(folder.file("copy.db"), dump.output);
    CHECK(load.errors == "");
    const auto changed = sqlite3_shell(folder.file("copy.db"),
                                       "UPDATE users SET status = 'active'; SELECT count(*), max(id) FROM outbox;");
    CHECK(changed.output == "4|4\n");
}

}  // namespace
}  // namespace stagedoor::tests
