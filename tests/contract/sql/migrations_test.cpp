// The migration runner and the check of the schema (S2).
#include <array>
#include <string>
#include <thread>
#include <vector>

#include "auth-service/src/store/sqlite_schema.hpp"
#include "common/sql/migrations.hpp"
#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

constexpr std::array first_release{sql::migration{1, "one", "CREATE TABLE one (a); INSERT INTO one VALUES (1);"}};
constexpr std::array second_release{first_release[0],
                                    sql::migration{2, "two", "ALTER TABLE one ADD COLUMN b; CREATE TABLE two (c)"}};
constexpr std::array broken_release{first_release[0],
                                    sql::migration{2, "two", "CREATE TABLE two (c); CREATE NONSENSE"}};

// "" when it went well.
template <class T>
string complaint(const sql::schema_result<T>& outcome) {
    return outcome ? string{} : outcome.error().message;
}

std::unique_ptr<sql::database> create(const temporary_folder& folder) {
    return must(sql::database::open(folder.file("a.db"), {.how = sql::access::create}));
}

TEST_CASE("migrating twice changes nothing the second time", "[sql]") {
    test_database db;
    const auto before = db.ask("SELECT json_group_array(json_array(name, sql)) FROM sqlite_schema");
    const auto again = sql::migrate(db.connection(), store::sqlite_schema());
    REQUIRE(complaint(again) == "");
    CHECK(again->from == again->to);
    CHECK(db.ask("SELECT json_group_array(json_array(name, sql)) FROM sqlite_schema") == before);
    CHECK(db.ask("SELECT count(*) FROM schema_migrations") == std::to_string(store::sqlite_schema().size()));
}

TEST_CASE("a later release applies only what is new", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    REQUIRE(complaint(sql::migrate(*db, first_release)) == "");
    const auto second = sql::migrate(*db, second_release);
    REQUIRE(complaint(second) == "");
    CHECK(second->from == 1);
    CHECK(second->to == 2);
}

TEST_CASE("a migration that fails leaves the schema as it was", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    REQUIRE(complaint(sql::migrate(*db, first_release)) == "");
    CHECK_THAT(complaint(sql::migrate(*db, broken_release)),
               Catch::Contains("migration 'two'") && Catch::Contains("NONSENSE"));
    CHECK(complaint(sql::check_schema(*db, first_release)) == "");
    CHECK(complaint(sql::migrate(*db, second_release)) == "");
}

TEST_CASE("processes that migrate at once all end with the schema", "[sql]") {
    for (int round = 0; round < 5; ++round) {
        const temporary_folder folder;
        std::vector<string> complaints(4);
        std::vector<std::thread> starters;
        for (auto& said : complaints) {
            starters.emplace_back([&said, file = folder.file("a.db")] {
                const auto db =
                    sql::database::open(file, {.how = sql::access::create, .busy_time = std::chrono::seconds{10}});
                said = db ? complaint(sql::migrate(**db, store::sqlite_schema())) : db.error().message();
            });
        }
        for (auto& starter : starters) starter.join();
        for (const auto& said : complaints) CHECK(said == "");
        const auto db = must(sql::database::open(folder.file("a.db")));
        CHECK(complaint(sql::check_schema(*db, store::sqlite_schema())) == "");
    }
}

TEST_CASE("an outbox of schema 5 keeps its rows, and never uses an id twice", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    const auto steps = store::sqlite_schema();
    REQUIRE(complaint(sql::migrate(*db, steps.first(5))) == "");
    const auto outbox = [&] {
        const auto shown = sqlite3_shell(folder.file("a.db"), "SELECT * FROM outbox ORDER BY id;");
        REQUIRE(shown.errors == "");
        return shown.output;
    };
    REQUIRE(db->run_script("INSERT INTO users (id, email, display_name) VALUES "
                           "('0190f000-0000-7000-8000-00000000000a', 'anna@example.com', 'Anna');"
                           "UPDATE users SET status = 'active'; UPDATE users SET status = 'suspended'"));
    const bool purged = GENERATE(false, true);
    REQUIRE(db->run_script("UPDATE outbox SET published_at_ms = 7 WHERE id = 2"));
    if (purged) REQUIRE(db->run_script("DELETE FROM outbox"));
    const auto before = outbox();
    REQUIRE(complaint(sql::migrate(*db, steps)) == "");
    CHECK(outbox() == before);
    REQUIRE(db->run_script("UPDATE users SET status = 'active'"));
    CHECK(sqlite3_shell(folder.file("a.db"), "SELECT max(id), event_type FROM outbox").output == "4|reinstated\n");
    CHECK(sqlite3_shell(folder.file("a.db"), "PRAGMA integrity_check").output == "ok\n");
}

TEST_CASE("a newer schema is refused in words", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    REQUIRE(complaint(sql::migrate(*db, second_release)) == "");
    CHECK(complaint(sql::migrate(*db, first_release)) ==
          "the database has schema 2, this build knows schemas up to 1: start a newer build");
    CHECK(complaint(sql::check_schema(*db, first_release)) ==
          "the database has schema 2, this build knows schemas up to 1: start a newer build");
}

TEST_CASE("an older schema does not pass the check", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    CHECK(complaint(sql::check_schema(*db, first_release)) == "the database has schema 0 of 1: run migrate");
}

TEST_CASE("somebody else's database is left alone", "[sql]") {
    const temporary_folder folder;
    const auto db = create(folder);
    REQUIRE(db->run_script("CREATE TABLE theirs (a)"));
    CHECK(complaint(sql::migrate(*db, first_release)) == "the database belongs to another application");
    const temporary_folder other;
    const auto marked = create(other);
    REQUIRE(marked->run_script("PRAGMA application_id = 7"));
    CHECK(complaint(sql::migrate(*marked, first_release)) == "the database belongs to another application");
}

TEST_CASE("a trigger that was dropped, altered or added is found at the start", "[sql]") {
    const std::vector<std::pair<string, string>> alterations{
        {"DROP TRIGGER users_changed", "the trigger 'users_changed' is missing"},
        {"DROP TRIGGER users_stay; CREATE TRIGGER users_stay BEFORE DELETE ON users BEGIN SELECT 1; END",
         "the trigger 'users_stay' is not the one of this schema"},
        {"CREATE TRIGGER mine BEFORE UPDATE ON users BEGIN SELECT RAISE(IGNORE); END",
         "the trigger 'mine' on 'users' is not ours"},
        {"DROP INDEX outbox_one_end_per_session", "the index 'outbox_one_end_per_session' is missing"},
        {"DROP VIEW user_rules; CREATE VIEW user_rules AS SELECT 1 AS id", "'user_rules"},
        {"ALTER TABLE users ADD COLUMN mine TEXT", "the table 'users' is not the one of this schema"},
    };
    for (const auto& [alteration, expected] : alterations) {
        INFO(alteration);
        test_database db;
        REQUIRE(sqlite3_shell(db.file(), alteration + ";").errors == "");
        CHECK_THAT(complaint(sql::migrate(db.connection(), store::sqlite_schema())), Catch::Contains(expected));
    }
}

TEST_CASE("foreign tables and indexes are nobody's business", "[sql]") {
    test_database db;
    REQUIRE(sqlite3_shell(db.file(),
                          "CREATE TABLE notes (a); CREATE INDEX by_name ON users (display_name);"
                          "CREATE TRIGGER on_notes AFTER INSERT ON notes BEGIN SELECT 1; END;")
                .errors == "");
    CHECK(complaint(sql::migrate(db.connection(), store::sqlite_schema())) == "");
}

TEST_CASE("a database that somebody writes to for too long says so", "[sql]") {
    test_database db;
    const auto other = db.connect();
    REQUIRE(other->run_script("BEGIN IMMEDIATE"));
    const auto impatient = db.connect({.busy_time = std::chrono::milliseconds{20}});
    const auto refused = sql::migrate(*impatient, store::sqlite_schema());
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().error == errc::database_busy);
    CHECK_THAT(refused.error().message, Catch::Contains("another process holds the database"));
}

}  // namespace
}  // namespace stagedoor::tests
