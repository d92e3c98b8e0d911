// The writer thread (S4), the readers and the watch (S5).
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "common/sql/data_version_watch.hpp"
#include "common/sql/error.hpp"
#include "common/sql/group_committer.hpp"
#include "common/sql/reader_pool.hpp"
#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;
using namespace std::chrono_literals;

struct table {
    temporary_folder folder;
    string file = folder.file("a.db");
    std::unique_ptr<sql::database> db = must(sql::database::open(file, {.how = sql::access::create}));

    table() {
        REQUIRE(
            db->run_script("CREATE TABLE t (a INTEGER PRIMARY KEY CHECK (a >= 0));"
                           "CREATE TABLE child (a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)"));
    }
    std::unique_ptr<sql::database> connect(sql::open_options options = {}) const {
        return must(sql::database::open(file, options));
    }
    string rows() {
        auto found = must(db->query("SELECT group_concat(a) FROM (SELECT a FROM t ORDER BY a)"));
        REQUIRE(must(found.next()));
        return string{found.row().text(0)};
    }
};

auto insert(std::int64_t a) {
    return [a](sql::database& db) { return db.execute("INSERT INTO t VALUES (?1)", a); };
}

// Submits and hands out the answer to come.
template <class Pool, class Job>
auto ask(Pool& pool, Job job, const auto&... size) {
    using outcome = std::invoke_result_t<Job&, sql::database&>;
    std::promise<outcome> promise;
    auto answer = promise.get_future();
    pool.submit(std::move(job),
                [promise = std::move(promise)](outcome value) mutable { promise.set_value(std::move(value)); }, size...);
    return answer;
}

// Holds the writer up until it is opened, so that what is submitted meanwhile shares one commit.
class gate {
public:
    explicit gate(sql::group_committer& writer)
        : passed_{ask(writer, [opened = opened_.get_future().share()](sql::database&) -> result<void> {
              opened.wait();
              return {};
          })} {}
    void open() {
        opened_.set_value();
        REQUIRE(passed_.get());
    }

private:
    std::promise<void> opened_;
    std::future<result<void>> passed_;
};

void wait_until(const std::function<bool()>& condition) {
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    while (!condition() && std::chrono::steady_clock::now() < give_up) std::this_thread::sleep_for(1ms);
    REQUIRE(condition());
}

// The gate's job is running, not waiting.
void close_behind(gate&, sql::group_committer& writer) {
    wait_until([&] { return writer.statistics().jobs > 0 && writer.statistics().waiting == 0; });
}

TEST_CASE("jobs that wait share one commit, in the order they came", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    std::vector<std::future<result<std::int64_t>>> counts;
    for (int i = 0; i < 100; ++i) {
        counts.push_back(ask(writer, [i](sql::database& db) -> result<std::int64_t> {
            const auto done = insert(i)(db);
            if (!done) return done;
            auto found = db.query("SELECT count(*) FROM t");
            if (!found || !found->next()) return errc::internal_error;
            return found->row().integer(0);
        }));
    }
    held.open();
    for (int i = 0; i < 100; ++i) CHECK(counts[static_cast<std::size_t>(i)].get().value() == i + 1);
    writer.stop();
    CHECK(writer.statistics().jobs == 101);
    CHECK(writer.statistics().commits == 2);
}

TEST_CASE("a large job ends its transaction, and the jobs behind it have one of their own", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    std::vector<std::future<result<std::int64_t>>> done;
    const auto counted = [&writer](sql::database& db) -> result<std::int64_t> {
        static_cast<void>(db);
        return static_cast<std::int64_t>(writer.statistics().commits);
    };
    for (const auto size : {sql::job_size::small, sql::job_size::large, sql::job_size::large, sql::job_size::small,
                            sql::job_size::small}) {
        done.push_back(ask(writer, counted, size));
    }
    held.open();
    std::vector<std::int64_t> commits_before;
    for (auto& each : done) commits_before.push_back(each.get().value());
    CHECK(commits_before == std::vector<std::int64_t>{1, 1, 2, 3, 3});
    writer.stop();
    CHECK(writer.statistics().commits == 4);
}

TEST_CASE("a job that fails is undone alone and answered with its own error", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    auto first = ask(writer, insert(1));
    auto refused = ask(writer, [](sql::database& db) -> result<std::int64_t> {
        const auto done = insert(2)(db);
        if (!done) return done;
        return insert(-1)(db);
    });
    auto changed_its_mind = ask(writer, [](sql::database& db) -> result<void> {
        if (!insert(3)(db)) return errc::internal_error;
        return errc::invalid_transition;
    });
    auto thrown = ask(writer, [](sql::database& db) -> result<void> {
        if (!insert(4)(db)) return errc::invalid_transition;
        throw std::runtime_error{"a bug"};
    });
    auto last = ask(writer, insert(5));
    held.open();
    CHECK(first.get());
    CHECK(sql::is_refusal(refused.get().error()));
    CHECK(changed_its_mind.get().error() == errc::invalid_transition);
    CHECK(thrown.get().error() == errc::internal_error);
    CHECK(last.get());
    CHECK(t.rows() == "1,5");
}

TEST_CASE("nobody is answered before the commit", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    std::atomic<bool> answered_early = false;
    std::promise<void> first_answered;
    writer.submit(insert(1), [&](const result<std::int64_t>&) { first_answered.set_value(); });
    auto second = ask(writer, [&](sql::database&) -> result<void> {
        answered_early = first_answered.get_future().wait_for(20ms) == std::future_status::ready;
        return {};
    });
    held.open();
    REQUIRE(second.get());
    CHECK_FALSE(answered_early);
    CHECK(t.rows() == "1");
}

TEST_CASE("a commit that fails fails everybody in it, and nobody after", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    auto innocent = ask(writer, insert(1));
    auto culprit = ask(writer, [](sql::database& db) { return db.execute("INSERT INTO child VALUES (99)"); });
    held.open();
    CHECK_FALSE(innocent.get());
    CHECK_FALSE(culprit.get());
    CHECK(t.rows() == "");
    CHECK(ask(writer, insert(2)).get());
    CHECK(t.rows() == "2");
}

TEST_CASE("a transaction that SQLite gave up is answered as lost, and the jobs behind it are done", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    gate held{writer};
    close_behind(held, writer);
    auto before = ask(writer, insert(1));
    auto culprit = ask(writer, [](sql::database& db) { return db.execute("INSERT OR ROLLBACK INTO t VALUES (1)"); });
    auto behind = ask(writer, insert(3));
    held.open();
    CHECK(before.get().error() == errc::database_unavailable);
    CHECK(culprit.get().error() == errc::database_unavailable);
    CHECK(behind.get());
    CHECK(t.rows() == "3");
}

TEST_CASE("a full queue refuses at once", "[sql]") {
    table t;
    sql::group_committer writer{t.connect(), 2};
    gate held{writer};
    close_behind(held, writer);
    auto first = ask(writer, insert(1));
    auto second = ask(writer, insert(2));
    CHECK(ask(writer, insert(3)).get().error() == errc::overloaded);
    held.open();
    CHECK(first.get());
    CHECK(second.get());
}

TEST_CASE("stopping does what waits and refuses the rest", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    std::vector<std::future<result<std::int64_t>>> answers;
    for (int i = 0; i < 50; ++i) answers.push_back(ask(writer, insert(i)));
    writer.stop();
    for (auto& answer : answers) CHECK(answer.get());
    CHECK(ask(writer, insert(99)).get().error() == errc::shutting_down);
}

TEST_CASE("a foreign writer that holds the lock makes the writer say busy, and nothing is lost after", "[sql]") {
    table t;
    sql::group_committer writer{t.connect({.busy_time = 20ms})};
    REQUIRE(t.db->run_script("BEGIN IMMEDIATE"));
    CHECK(ask(writer, insert(1)).get().error() == errc::database_busy);
    REQUIRE(t.db->run_script("COMMIT"));
    CHECK(ask(writer, insert(2)).get());
    CHECK(t.rows() == "2");
}

TEST_CASE("a foreign writer is waited for once by all that wait, large jobs too", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    REQUIRE(t.db->run_script("BEGIN IMMEDIATE"));
    std::vector<std::future<result<std::int64_t>>> done;
    for (int i = 0; i < 9; ++i) done.push_back(ask(writer, insert(i), i < 8 ? sql::job_size::large : sql::job_size::small));
    for (auto& each : done) CHECK(each.get().error() == errc::database_busy);
    CHECK(writer.statistics().failed_commits <= 2);  // the first job may have been taken before the others came
    REQUIRE(t.db->run_script("ROLLBACK"));
    CHECK(ask(writer, insert(1)).get());
}

TEST_CASE("readers see what was answered before, and cannot write", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    std::vector<std::unique_ptr<sql::database>> connections;
    for (int i = 0; i < 2; ++i) connections.push_back(t.connect({.how = sql::access::read}));
    sql::reader_pool readers{std::move(connections)};
    for (std::int64_t i = 1; i <= 50; ++i) {
        REQUIRE(ask(writer, insert(i)).get());
        const auto seen = ask(readers, [](sql::database& db) -> result<std::int64_t> {
                              auto found = db.query("SELECT count(*) FROM t");
                              if (!found || !found->next()) return errc::internal_error;
                              return found->row().integer(0);
                          }).get();
        CHECK(seen.value() == i);
    }
    CHECK(ask(readers, insert(99)).get().error() == errc::database_unavailable);
    readers.stop();
    CHECK(ask(readers, insert(99)).get().error() == errc::shutting_down);
}

TEST_CASE("the watch notices commits of the shell and of our writer", "[sql]") {
    table t;
    sql::group_committer writer{t.connect()};
    std::atomic<int> noticed = 0;
    std::atomic<int> failed = 0;
    sql::data_version_watch watch{t.connect({.how = sql::access::read}),
                                  [&](const result<void>& seen) { ++(seen ? noticed : failed); }, 1ms};
    CHECK(sqlite3_shell(t.file, "INSERT INTO t VALUES (1);").errors == "");
    wait_until([&] { return noticed == 1; });
    REQUIRE(ask(writer, insert(2)).get());
    wait_until([&] { return noticed == 2; });
    CHECK(failed == 0);
}

TEST_CASE("the watch is quiet while nobody commits", "[sql]") {
    table t;
    std::atomic<int> noticed = 0;
    sql::data_version_watch watch{t.connect({.how = sql::access::read}), [&](const result<void>&) { ++noticed; }, 1ms};
    CHECK(sqlite3_shell(t.file, "SELECT * FROM t; BEGIN; INSERT INTO t VALUES (1); ROLLBACK;").errors == "");
    std::this_thread::sleep_for(30ms);
    CHECK(noticed == 0);
}

}  // namespace
}  // namespace stagedoor::tests
