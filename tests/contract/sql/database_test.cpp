// The thin wrappers: connection, statements, transactions, errors as values.
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <string>

#include "common/core/limits.hpp"
#include "common/sql/error.hpp"
#include "common/sql/transaction.hpp"
#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

struct small_database {
    temporary_folder folder;
    std::unique_ptr<sql::database> db = must(sql::database::open(folder.file("a.db"), {.how = sql::access::create}));

    small_database() { REQUIRE(db->run_script("CREATE TABLE t (a INTEGER PRIMARY KEY, b CHECK (b <> 'no'))")); }
    std::int64_t count() {
        auto found = must(db->query("SELECT count(*) FROM t"));
        REQUIRE(must(found.next()));
        return found.row().integer(0);
    }
};

TEST_CASE("a new database file is readable by its owner alone, its log files too", "[sql]") {
    small_database small;
    for (const string suffix : {"", "-wal", "-shm"}) {
        struct stat about {};
        REQUIRE(::stat((small.folder.file("a.db") + suffix).c_str(), &about) == 0);
        CHECK((about.st_mode & 0777) == 0600);
    }
}

TEST_CASE("a connection is set up for truth", "[sql]") {
    test_database db;
    CHECK(db.ask("PRAGMA journal_mode") == "wal");
    CHECK(db.ask("PRAGMA synchronous") == "2");
    CHECK(db.ask("PRAGMA foreign_keys") == "1");
    CHECK(db.ask("PRAGMA recursive_triggers") == "0");
    CHECK(db.ask("PRAGMA busy_timeout") == std::to_string(limits::database_busy_time.count()));
}

TEST_CASE("every kind of value comes back as it went in", "[sql]") {
    small_database small;
    const std::array<std::uint8_t, 3> raw{0, 255, 7};
    auto found = must(small.db->query("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7", std::int64_t{-5}, string{"a\0b", 3},
                                      std::span<const std::uint8_t>{raw}, nullptr, std::optional<string>{},
                                      std::optional<std::int64_t>{7}, std::string_view{}));
    REQUIRE(must(found.next()));
    const auto& row = found.row();
    CHECK(row.integer(0) == -5);
    CHECK(row.text(1) == std::string_view{"a\0b", 3});
    CHECK(std::ranges::equal(row.bytes(2), raw));
    CHECK(row.is_null(3));
    CHECK_FALSE(row.optional_text(4));
    CHECK(row.optional_integer(5) == 7);
    CHECK(row.optional_text(6) == "");
    CHECK_FALSE(must(found.next()));
}

TEST_CASE("a statement can run inside itself", "[sql]") {
    small_database small;
    REQUIRE(small.db->run_script("INSERT INTO t VALUES (1, 'x'), (2, 'y')"));
    constexpr std::string_view sql = "SELECT a FROM t ORDER BY a";
    auto outer = must(small.db->query(sql));
    int pairs = 0;
    while (must(outer.next())) {
        auto inner = must(small.db->query(sql));
        while (must(inner.next())) ++pairs;
    }
    CHECK(pairs == 4);
}

TEST_CASE("a query that was left half read holds no lock", "[sql]") {
    small_database small;
    REQUIRE(small.db->run_script("INSERT INTO t VALUES (1, 'x'), (2, 'y')"));
    {
        auto found = must(small.db->query("SELECT a FROM t"));
        REQUIRE(must(found.next()));
    }
    const auto other = must(sql::database::open(small.folder.file("a.db")));
    REQUIRE(other->execute("DELETE FROM t"));
    CHECK(small.count() == 0);
    CHECK(must(other->execute("PRAGMA wal_checkpoint(TRUNCATE)")) >= 0);
}

TEST_CASE("what SQLite says comes back as a value", "[sql]") {
    small_database small;
    auto& db = *small.db;
    SECTION("a constraint is a refusal that names itself") {
        const auto refused = db.execute("INSERT INTO t VALUES (1, 'no')");
        REQUIRE_FALSE(refused);
        CHECK(sql::is_refusal(refused.error()));
        CHECK_THAT(db.last_message(), Catch::Contains("CHECK constraint failed"));
        CHECK(sql::refusal_word(db.last_message()) == "");
    }
    SECTION("a trigger's message begins with a word for programs") {
        REQUIRE(db.run_script(
            "CREATE TRIGGER never BEFORE DELETE ON t BEGIN SELECT RAISE(ABORT, 'some_word: a sentence'); END;"
            "INSERT INTO t VALUES (1, 'x')"));
        const auto refused = db.execute("DELETE FROM t");
        REQUIRE_FALSE(refused);
        CHECK(sql::is_refusal(refused.error()));
        CHECK(sql::refusal_word(db.last_message()) == "some_word");
    }
    SECTION("a lock that is held is database_busy, within the busy time") {
        REQUIRE(db.run_script("BEGIN IMMEDIATE"));
        const auto other =
            must(sql::database::open(small.folder.file("a.db"), {.busy_time = std::chrono::milliseconds{10}}));
        CHECK(other->execute("DELETE FROM t").error() == errc::database_busy);
    }
    SECTION("SQL that is wrong is a bug") {
        CHECK(db.execute("SELECT nonsense").error() == errc::internal_error);
        CHECK(db.execute("SELECT 1; SELECT 2").error() == errc::internal_error);
        CHECK(db.execute("").error() == errc::internal_error);
        CHECK(db.execute("SELECT 1", 1).error() == errc::internal_error);
    }
    SECTION("a reader cannot write") {
        const auto reader = must(sql::database::open(small.folder.file("a.db"), {.how = sql::access::read}));
        CHECK(reader->execute("DELETE FROM t").error() == errc::database_unavailable);
    }
    SECTION("a full disk is database_unavailable, and what was there stays") {
        REQUIRE(db.run_script("PRAGMA max_page_count = 4; INSERT INTO t VALUES (1, 'x')"));
        CHECK(db.execute("INSERT INTO t VALUES (2, zeroblob(100000))").error() == errc::database_unavailable);
        CHECK(small.count() == 1);
    }
}

TEST_CASE("a file that is missing, foreign or a folder is database_unavailable", "[sql]") {
    const temporary_folder folder;
    CHECK(sql::database::open(folder.file("none.db")).error() == errc::database_unavailable);
    CHECK(sql::database::open(folder.file("no/such/folder.db"), {.how = sql::access::create}).error() ==
          errc::database_unavailable);
    CHECK(sql::database::open(folder.file("."), {.how = sql::access::create}).error() == errc::database_unavailable);
    std::ofstream{folder.file("text.db")} << string(5000, 'x');
    CHECK(sql::database::open(folder.file("text.db")).error() == errc::database_unavailable);
}

TEST_CASE("why a file could not be opened is said in the words of SQLite and the system", "[sql]") {
    const temporary_folder folder;
    string why;
    CHECK_FALSE(sql::database::open(folder.file("none.db"), {}, &why));
    CHECK(why == "unable to open database file (No such file or directory)");
    CHECK_FALSE(sql::database::open(folder.file("no/such/folder.db"), {.how = sql::access::create}, &why));
    CHECK(why == "unable to open database file (No such file or directory)");
    std::ofstream{folder.file("text.db")} << string(5000, 'x');
    CHECK_FALSE(sql::database::open(folder.file("text.db"), {}, &why));
    CHECK(why == "file is not a database");
}

TEST_CASE("a transaction that is not committed never was", "[sql]") {
    small_database small;
    {
        const auto dropped = must(sql::transaction::begin(*small.db, sql::intent::write));
        REQUIRE(small.db->execute("INSERT INTO t VALUES (1, 'x')"));
    }
    CHECK(small.count() == 0);
    CHECK_FALSE(small.db->in_transaction());
    auto kept = must(sql::transaction::begin(*small.db, sql::intent::write));
    REQUIRE(small.db->execute("INSERT INTO t VALUES (1, 'x')"));
    REQUIRE(kept.commit());
    CHECK(small.count() == 1);
}

TEST_CASE("savepoints are undone one by one", "[sql]") {
    small_database small;
    auto all = must(sql::transaction::begin(*small.db, sql::intent::write));
    {
        auto kept = must(sql::savepoint::open(*small.db));
        REQUIRE(small.db->execute("INSERT INTO t VALUES (1, 'x')"));
        {
            const auto dropped = must(sql::savepoint::open(*small.db));
            REQUIRE(small.db->execute("INSERT INTO t VALUES (2, 'x')"));
        }
        REQUIRE(kept.release());
    }
    REQUIRE(all.commit());
    CHECK(small.count() == 1);
}

TEST_CASE("a read transaction sees one moment", "[sql]") {
    small_database small;
    const auto reader = must(sql::database::open(small.folder.file("a.db"), {.how = sql::access::read}));
    const auto seen = [&] {
        auto found = must(reader->query("SELECT count(*) FROM t"));
        REQUIRE(must(found.next()));
        return found.row().integer(0);
    };
    {
        const auto moment = must(sql::transaction::begin(*reader, sql::intent::read));
        CHECK(seen() == 0);
        REQUIRE(small.db->execute("INSERT INTO t VALUES (1, 'x')"));
        CHECK(seen() == 0);
    }
    CHECK(seen() == 1);
}

}  // namespace
}  // namespace stagedoor::tests
