// The one writer: a thread that does all waiting jobs in one transaction and answers when they are on disk (S4).
//
// A disk flush costs more than hundreds of small changes, so jobs that come while one commit is on its way share the
// next. Each has a savepoint: one that fails is undone alone. Group commit changes nothing else for them: each sees the
// jobs before it, none is answered before its COMMIT, and the order of submission is the order of execution. A large job
// is the last of its transaction: who waits for one does not wait for two, and what it has done can be told on while the
// next is at work.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <thread>
#include <utility>

#include "common/sql/bounded_queue.hpp"
#include "common/sql/work.hpp"

namespace stagedoor::sql {

struct writer_statistics {
    std::uint64_t jobs = 0;  // run, whatever came of them
    std::uint64_t commits = 0;
    std::uint64_t failed_commits = 0;  // transactions that were lost whole
    std::size_t waiting = 0;
};

class group_committer {
public:
    // Takes the connection to its thread. At most `capacity` jobs wait.
    explicit group_committer(std::unique_ptr<database> db, std::size_t capacity = limits::database_queue);
    ~group_committer();
    group_committer(const group_committer&) = delete;
    group_committer& operator=(const group_committer&) = delete;

    // Runs `job(database&)`, which returns a result<T> and leaves no transaction of its own open, and calls `done` with
    // it exactly once: on the writer's thread after the COMMIT, or at once on this thread with errc::overloaded or
    // errc::shutting_down. A job that returns an error leaves nothing behind. errc::database_busy (locked
    // by somebody, or its turn came later than limits::database_queue_time) and errc::database_unavailable: nothing of the
    // job was committed.
    template <class Job, class Done>
    void submit(Job job, Done done, job_size size = job_size::small) {
        enqueue(make_work(std::move(job), std::move(done), limits::database_queue_time, size));
    }

    writer_statistics statistics() const;

    // Refuses from now on, does what waits, and joins the thread.
    void stop();

private:
    using work_span = std::span<const std::unique_ptr<work>>;

    void enqueue(std::unique_ptr<work> next);
    void loop();
    std::size_t commit_next(work_span jobs);
    result<void> run_and_commit(work_span jobs, std::size_t& run);

    std::unique_ptr<database> db_;
    bounded_queue<std::unique_ptr<work>> waiting_;
    std::atomic<std::uint64_t> jobs_{0};
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> failed_commits_{0};
    std::thread thread_;
};

}  // namespace stagedoor::sql
