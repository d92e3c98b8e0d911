// What `after-restore` does to a database that came back from a backup (R7), and when it leaves it alone.
#include <cstdlib>
#include <filesystem>

#include "auth-service/src/store/sqlite_restore.hpp"
#include "auth-service/src/store/sqlite_store.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;

namespace {

constexpr auto anna = "0190f000-0000-7000-8000-00000000000a";
constexpr auto people = R"sql(
INSERT INTO users (id, email, display_name) VALUES
  ('0190f000-0000-7000-8000-00000000000a', 'anna@example.com', 'Anna "the voice"'),
  ('0190f000-0000-7000-8000-00000000000b', 'bert@example.com', 'Bert');
UPDATE users SET status = 'active' WHERE email = 'anna@example.com';
INSERT INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms)
SELECT 'aaaaaaaa-0000-4000-8000-000000000001', id, epoch, status, 4102444800000 FROM users WHERE email LIKE 'anna%';
INSERT INTO sessions (id, user_id, epoch, signed_in_status, expires_at_ms)
SELECT 'aaaaaaaa-0000-4000-8000-000000000002', id, epoch, status, 4102444800000 FROM users WHERE email LIKE 'anna%';
UPDATE users SET epoch = 2, kept_session = 'aaaaaaaa-0000-4000-8000-000000000002', kept_epoch = 2
 WHERE email LIKE 'anna%';
UPDATE relay_state SET run_id = 'a server', feed = 3;
)sql";

class restored_file {
public:
    restored_file() {
        std::string name = (std::filesystem::temp_directory_path() / "stagedoor-restore-XXXXXX").string();
        REQUIRE(mkdtemp(name.data()));
        folder_ = name;
        (*store::sqlite_store::open(path()))->stop();
        run(people);
    }
    ~restored_file() {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    std::string path() const { return (folder_ / "test.db").string(); }

    // What SQLite said, "" when all was done.
    std::string attempt(const std::string& text) const {
        const auto db = sql::database::open(path());
        REQUIRE(db);
        return (*db)->run_script(text) ? std::string{} : (*db)->last_message();
    }
    void run(const std::string& text) const { REQUIRE(attempt(text) == ""); }

    // The first column of the first row.
    std::string ask(const std::string& text) const {
        const auto db = sql::database::open(path());
        REQUIRE(db);
        auto found = (*db)->query(text);
        INFO((*db)->last_message());
        REQUIRE(found);
        REQUIRE(*found->next());
        return std::string{found->row().text(0)};
    }

    std::string everything() const {
        return ask(
            "SELECT (SELECT group_concat(id || version || ' ' || epoch || ' ' || updated_at_ms) FROM users) || "
            "(SELECT group_concat(name || seq) FROM sqlite_sequence) || (SELECT run_id || feed FROM relay_state) "
            "|| (SELECT group_concat(name || sql) FROM (SELECT * FROM sqlite_schema ORDER BY name))");
    }

    std::string refused() const {
        const auto done = store::after_restore(path());
        REQUIRE_FALSE(done.has_value());
        return done.error().message;
    }

private:
    std::filesystem::path folder_;
};

constexpr auto trigger_texts =
    "SELECT group_concat(sql) FROM (SELECT sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name)";

}  // namespace

TEST_CASE("after a restore versions and epochs are above all that was given out, and told") {
    const restored_file db;
    const auto triggers = db.ask(trigger_texts);
    REQUIRE(db.ask("SELECT version FROM users WHERE email LIKE 'anna%'") == "3");
    REQUIRE(db.ask("SELECT count(*) FROM living_sessions") == "1");
    const auto done = store::after_restore(db.path());
    INFO((done ? "" : done.error().message));
    REQUIRE(done.has_value());
    CHECK(done->users == 2);
    CHECK(done->sessions == 1);

    CHECK(db.ask("SELECT min(min(version, epoch)) > 1700000000000 FROM users") == "1");
    CHECK(db.ask("SELECT count(*) FROM living_sessions") == "0");
    CHECK(db.ask("SELECT group_concat(status) FROM (SELECT status FROM users ORDER BY id)") == "active,pending");
    CHECK(db.ask("SELECT count(*) FROM sessions WHERE ended_at_ms IS NOT NULL") == "0");
    CHECK(db.ask("SELECT run_id FROM relay_state") == "");
    CHECK(db.ask("SELECT feed > 1000000 FROM relay_state") == "1");

    // One row each, unpublished, behind all ids that Redis may have; whose facts are the user.
    CHECK(db.ask("SELECT count(*) FROM outbox JOIN users ON user_id = users.id AND outbox.version = users.version "
                 "WHERE kind = 'user_event' AND event_type = 'updated' AND previous_status = status "
                 "AND actor = 'after-restore' AND published_at_ms IS NULL AND outbox.id > 1000000 AND facts = "
                 "json_object('id', users.id, 'email', email, 'displayName', display_name, 'role', role, 'status', "
                 "status, 'version', users.version, 'epoch', epoch, 'keptSession', kept_session, 'keptEpoch', "
                 "kept_epoch)") == "2");
    // What was and what is meet in the audit log.
    CHECK(
        db.ask("SELECT count(*) FROM audit_log AS now JOIN audit_log AS past ON past.user_id = now.user_id "
               "WHERE now.origin = 'after-restore' AND now.actor = 'after-restore' AND now.id > 1000000 "
               "AND past.version = (SELECT max(version) FROM audit_log WHERE user_id = now.user_id AND version < 100) "
               "AND now.before = past.after AND now.action = 'updated' "
               "AND now.after = (SELECT facts FROM outbox WHERE user_id = now.user_id AND version = now.version)") ==
        "2");

    // The triggers are the same, and forbid and do what they did.
    CHECK(db.ask(trigger_texts) == triggers);
    CHECK_THAT(db.attempt("UPDATE users SET version = version + 1"), Catch::StartsWith("invalid_version"));
    CHECK_THAT(db.attempt("UPDATE users SET epoch = 1 WHERE email LIKE 'bert%'"), Catch::StartsWith("invalid_epoch"));
    const auto before = std::stoll(db.ask("SELECT version FROM users WHERE email LIKE 'bert%'"));
    db.run("UPDATE users SET status = 'active' WHERE email = 'bert@example.com'");
    CHECK(db.ask("SELECT version FROM users WHERE email LIKE 'bert%'") == std::to_string(before + 1));
    CHECK(db.ask("SELECT event_type FROM outbox ORDER BY id DESC LIMIT 1") == "approved");
}

TEST_CASE("after a restore no API token of the backup lives: some may have been revoked since") {
    const restored_file db;
    db.run("UPDATE users SET role = 'admin', status = 'active' WHERE email LIKE 'bert%'");
    db.run("INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_at_ms, expires_at_ms) "
           "SELECT '01900000-0000-7000-8000-0000000000ff', id, 'a tool', zeroblob(32), '[\"read\"]', now_ms, now_ms + 1000 "
           "FROM users, clock WHERE email LIKE 'bert%'");
    REQUIRE(store::after_restore(db.path()).has_value());
    CHECK(db.ask("SELECT count(*) FROM api_tokens WHERE revoked_at_ms IS NOT NULL") == "1");
    CHECK(db.ask("SELECT count(*) FROM audit_log WHERE action = 'token_revoked'") == "1");
}

TEST_CASE("after-restore twice lifts twice, and a second restore of the same backup gets above the first") {
    const restored_file db;
    const restored_file same_backup;
    const auto version = [](const restored_file& of) { return std::stoll(of.ask("SELECT min(version) FROM users")); };
    REQUIRE(store::after_restore(db.path()).has_value());
    const auto once = version(db);
    const auto feed = std::stoll(db.ask("SELECT feed FROM relay_state"));
    REQUIRE(store::after_restore(same_backup.path()).has_value());
    CHECK(version(same_backup) > once);
    CHECK(std::stoll(same_backup.ask("SELECT feed FROM relay_state")) > feed);

    REQUIRE(store::after_restore(db.path()).has_value());
    CHECK(version(db) > once);
    CHECK(db.ask("SELECT count(*) FROM outbox WHERE actor = 'after-restore'") == "4");
    (*store::sqlite_store::open(db.path()))->stop();
}

TEST_CASE("what is above the time already, since a clock was wrong, is lifted all the same") {
    const restored_file db;
    db.run("UPDATE users SET epoch = 4000000000000 WHERE email = 'bert@example.com'");
    REQUIRE(store::after_restore(db.path()).has_value());
    CHECK(db.ask("SELECT epoch FROM users WHERE email LIKE 'bert%'") == "4000001000000");
    CHECK(db.ask("SELECT json_extract(facts, '$.epoch') FROM outbox ORDER BY id DESC LIMIT 1") == "4000001000000");
}

TEST_CASE("after-restore works on a database without people") {
    const restored_file db;
    std::filesystem::remove(db.path());
    (*store::sqlite_store::open(db.path()))->stop();
    const auto done = store::after_restore(db.path());
    REQUIRE(done.has_value());
    CHECK(done->users == 0);
    db.run(people);
    CHECK(db.ask("SELECT min(id) > 1000000 FROM outbox") == "1");
}

TEST_CASE("after-restore leaves a database alone that somebody has open, however idle") {
    const restored_file db;
    const auto before = db.everything();
    {
        const auto node = *store::sqlite_store::open(db.path());
        CHECK_THAT(db.refused(), Catch::StartsWith("the database is in use: stop every auth-service"));
        CHECK(store::after_restore(db.path()).error().error == errc::database_busy);
        node->stop();
    }
    CHECK(db.everything() == before);
    CHECK(store::after_restore(db.path()).has_value());
}

TEST_CASE("after-restore refuses what is not there, not ours, or cannot be lifted, and changes nothing") {
    const restored_file db;
    SECTION("missing") {
        std::filesystem::remove(db.path());
        CHECK(db.refused() == "there is no database at " + db.path());
        CHECK_FALSE(std::filesystem::exists(db.path()));
    }
    SECTION("an altered schema") {
        db.run("DROP TRIGGER users_stay");
        const auto before = db.everything();
        CHECK_THAT(db.refused(), Catch::Contains("the trigger 'users_stay' is missing"));
        CHECK(db.everything() == before);
    }
    SECTION("an older schema") {
        db.run("DELETE FROM schema_migrations WHERE version = (SELECT max(version) FROM schema_migrations)");
        CHECK_THAT(db.refused(), Catch::Contains("run migrate"));
    }
    SECTION("an epoch that is too high") {
        db.run("UPDATE users SET epoch = 9007199254740000 WHERE id = '" + std::string{anna} + "'");
        const auto before = db.everything();
        CHECK_THAT(db.refused(), Catch::Contains("9007199254740000: it cannot be lifted by 1000000"));
        CHECK(db.everything() == before);
    }
    SECTION("a version that the outbox has used already, in the middle of the work") {
        db.run(
            "INSERT INTO outbox (kind, user_id, version, event_type, facts, actor, at_ms) "
            "WITH RECURSIVE n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
            "SELECT 'user_event', '" +
            std::string{anna} + "', (SELECT now_ms FROM clock) + i, 'updated', '{}', 'x', 0 FROM n");
        const auto before = db.everything();
        CHECK_THAT(db.refused(),
                   Catch::Contains("is as it was: UNIQUE constraint failed: outbox.user_id, outbox.version"));
        CHECK(db.everything() == before);
    }
}
