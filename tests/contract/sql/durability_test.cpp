// Several processes, and processes that die.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "auth-service/src/store/sqlite_schema.hpp"
#include "common/sql/group_committer.hpp"
#include "common/sql/migrations.hpp"
#include "tests/contract/sql/support.hpp"

namespace stagedoor::tests {
namespace {

using std::string;

// Runs `work` in a process of its own, which ends with it. `work` asserts nothing: that is the parent's part.
template <class Work>
pid_t start_process(Work work) {
    const pid_t child = ::fork();
    if (child == 0) {
        work();
        ::_exit(0);
    }
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
}

string id_of(int number) {
    string digits = std::to_string(number);
    return "0190f000-0000-7000-8000-" + string(12 - digits.size(), '0') + digits;
}

TEST_CASE("a writer that is killed loses no change that it answered", "[sql]") {
    for (int round = 0; round < 5; ++round) {
        test_database db;
        int pipe[2];
        REQUIRE(::pipe(pipe) == 0);
        const pid_t child = start_process([&] {
            auto own = sql::database::open(db.file());
            if (!own) ::_exit(1);
            sql::group_committer writer{std::move(*own)};
            for (int number = 1;; ++number) {
                writer.submit(
                    [number](sql::database& into) {
                        return into.execute("INSERT INTO users (id, email, display_name) VALUES (?1, ?2, 'N')",
                                            id_of(number), std::to_string(number) + "@example.com");
                    },
                    [number, &pipe](const result<std::int64_t>& answer) {
                        if (answer && ::write(pipe[1], &number, sizeof number) < 0) ::_exit(1);
                    });
                if (writer.statistics().waiting > 64) std::this_thread::yield();
            }
        });
        ::close(pipe[1]);
        std::vector<int> answered;
        int number = 0;
        while (answered.size() < 300 && ::read(pipe[0], &number, sizeof number) == sizeof number)
            answered.push_back(number);
        ::kill(child, SIGKILL);
        while (::read(pipe[0], &number, sizeof number) == sizeof number) answered.push_back(number);
        ::close(pipe[0]);
        CHECK(WIFSIGNALED(wait_for(child)));

        REQUIRE(answered.size() >= 300);
        CHECK(db.ask("PRAGMA integrity_check") == "ok");
        for (const int each : answered) {
            if (db.ask("SELECT version FROM users WHERE id = '" + id_of(each) + "'") != "1") FAIL("lost " << each);
        }
        CHECK(db.inconsistency() == "");
    }
}

TEST_CASE("two processes that write at once lose nothing and leave no holes", "[sql]") {
    test_database db;
    add_anna_and_bert(db);
    constexpr int changes = 200;
    std::vector<pid_t> children;
    for (int process = 0; process < 2; ++process) {
        children.push_back(start_process([&] {
            auto own = sql::database::open(db.file(), {.busy_time = std::chrono::seconds{20}});
            if (!own) ::_exit(1);
            sql::group_committer writer{std::move(*own)};
            std::atomic<int> failed = 0;
            for (int i = 0; i < changes; ++i) {
                writer.submit(
                    [](sql::database& into) {
                        return into.execute("UPDATE users SET epoch = epoch + 1 WHERE id = ?1", anna);
                    },
                    [&failed](const result<std::int64_t>& answer) { failed += answer ? 0 : 1; });
            }
            writer.stop();
            ::_exit(failed == 0 ? 0 : 1);
        }));
    }
    for (int i = 0; i < 20; ++i) {
        const auto typed = sqlite3_shell(db.file(), ".timeout 20000\nUPDATE users SET epoch = epoch + 1;");
        CHECK(typed.errors == "");
    }
    for (const auto child : children) CHECK(wait_for(child) == 0);
    CHECK(db.ask("SELECT version || ' ' || epoch FROM users WHERE id = '" + string{anna} + "'") ==
          std::to_string(1 + 2 * changes + 20) + " " + std::to_string(1 + 2 * changes + 20));
    CHECK(db.inconsistency() == "");
}

TEST_CASE("a process killed in the middle of migrating leaves an empty database or a whole one", "[sql]") {
    for (int delay = 0; delay < 10; ++delay) {
        const temporary_folder folder;
        const auto file = folder.file("a.db");
        const pid_t child = start_process([&] {
            const auto db = sql::database::open(file, {.how = sql::access::create});
            if (db) static_cast<void>(sql::migrate(**db, store::sqlite_schema()));
        });
        std::this_thread::sleep_for(std::chrono::milliseconds{delay});
        ::kill(child, SIGKILL);
        wait_for(child);
        const auto db = must(sql::database::open(file, {.how = sql::access::create}));
        const auto migrated = sql::migrate(*db, store::sqlite_schema());
        INFO((migrated ? "" : migrated.error().message));
        CHECK(migrated.has_value());
    }
}

}  // namespace
}  // namespace stagedoor::tests
