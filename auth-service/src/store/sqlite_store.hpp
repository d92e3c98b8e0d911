// The SQLite file of auth-service: opened, migrated and checked, with its writer, its readers and its watch. The
// adapters of the ports (sqlite_user_store …) are thin and stand on it; one instance serves all shards.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "auth-service/src/user/user_store.hpp"
#include "common/core/errc.hpp"
#include "common/runtime/cpu_pool.hpp"
#include "common/runtime/task.hpp"
#include "common/sql/data_version_watch.hpp"
#include "common/sql/group_committer.hpp"
#include "common/sql/migrations.hpp"
#include "common/sql/reader_pool.hpp"

namespace stagedoor::store {

// Who makes a change and why, for outbox and audit log (S3).
struct author {
    std::string actor;   // a user id, or what a part of the system calls itself; 1 to 100 characters
    std::string origin;  // "api", "cli" …; 1 to 40 of a-z, _ and -
    std::string reason;  // what the admin typed; empty: none
    std::string address{};   // of the client; empty: none
    std::string token_id{};  // of the API token it came with; empty: none
};

author author_of(user::actor by, std::string reason = {});

// What a trigger or constraint refused, by its first word: errc::email_taken, invalid_transition, not_found,
// validation_failed; anything else is a bug, logged, and errc::internal_error. Errors of other kinds pass.
boost::system::error_code explain(const boost::system::error_code& failure, const sql::database& db);

result<void> enter_context(sql::database& db, const author& by);
result<void> leave_context(sql::database& db);

// For the one who starts the process; `why`: as sql::database::open has said it.
sql::schema_problem cannot_open(const std::string& path, const boost::system::error_code& failure,
                                const std::string& why);

class sqlite_store {
public:
    // Creates the file when it is missing, brings it to the schema of this build and checks it (S2). The message of a
    // schema_problem is for the one who starts the process. 1 <= readers.
    static sql::schema_result<std::unique_ptr<sqlite_store>> open(std::string path,
                                                                  std::size_t readers = limits::database_readers);

    template <class Job>
    using outcome = std::invoke_result_t<Job&, sql::database&>;

    // Runs `job(database&)`, which returns a result, off the shard, and resumes on it. errc::database_unavailable,
    // errc::database_busy, errc::overloaded, errc::shutting_down, and what the job returns. `patience`: for its turn.
    template <class Job>
    runtime::task<outcome<Job>> read(Job job, std::chrono::milliseconds patience = limits::database_queue_time) {
        auto start = [this, patience, job = std::move(job)](auto done) mutable {
            readers_.submit(std::move(job), std::move(done), patience);
        };
        co_return co_await runtime::async_from_thread<outcome<Job>>(std::move(start));
    }

    // As read, on the writer, in a savepoint: committed when it resumes with a value. What triggers refuse is
    // explained.
    template <class Job>
    runtime::task<outcome<Job>> write(Job job, sql::job_size size = sql::job_size::small) {
        auto explained = [job = std::move(job)](sql::database& db) mutable -> outcome<Job> {
            auto done = job(db);
            if (!done) return {boost::system::in_place_error, explain(done.error(), db)};
            return done;
        };
        auto start = [this, size, explained = std::move(explained)](auto done) mutable {
            writer_.submit(std::move(explained), std::move(done), size);
        };
        co_return co_await runtime::async_from_thread<outcome<Job>>(std::move(start));
    }

    // As write, with an author for what the triggers write down. Name the author before the call: g++ 12 destroys an
    // aggregate twice that is made within the expression of a co_await.
    template <class Job>
    runtime::task<outcome<Job>> change(author by, Job job, sql::job_size size = sql::job_size::small) {
        auto signed_job = [by = std::move(by), job = std::move(job)](sql::database& db) mutable -> outcome<Job> {
            const auto entered = enter_context(db, by);
            if (!entered) return {boost::system::in_place_error, entered.error()};
            auto done = job(db);
            if (!done) return done;
            const auto left = leave_context(db);
            if (!left) return {boost::system::in_place_error, left.error()};
            return done;
        };
        co_return co_await write(std::move(signed_job), size);
    }

    // Calls back, on a thread of its own, when something was committed by anybody, this process included.
    result<std::unique_ptr<sql::data_version_watch>> watch(sql::data_version_watch::callback on_commit) const;

    const std::string& path() const noexcept { return path_; }

    sql::writer_statistics writer_statistics() const { return writer_.statistics(); }

    // Does what waits and joins the threads; later calls get errc::shutting_down. Before the shards are destroyed.
    void stop();

private:
    sqlite_store(std::string path, std::unique_ptr<sql::database> writer,
                 std::vector<std::unique_ptr<sql::database>> readers)
        : path_{std::move(path)}, writer_{std::move(writer)}, readers_{std::move(readers)} {}

    std::string path_;
    sql::group_committer writer_;
    sql::reader_pool readers_;
};

}  // namespace stagedoor::store
