#include "common/sql/group_committer.hpp"

#include <pthread.h>

#include <algorithm>

#include "common/sql/transaction.hpp"

namespace stagedoor::sql {
namespace {

// Jobs in one transaction: bounds how long the first of them waits for the others, some 10 ms.
constexpr std::size_t jobs_per_commit = 256;

// A job that fails is undone alone. False when that cannot be, or SQLite has rolled the whole transaction back.
bool run_in_savepoint(database& db, work& job) {
    auto part = savepoint::open(db);
    if (!part) return false;
    const auto done = job.run(db);
    const auto closed = done ? part->release() : part->undo();
    return closed && db.in_transaction();
}

void refuse_overdue(std::vector<std::unique_ptr<work>>& jobs) {
    std::erase_if(jobs, [](const std::unique_ptr<work>& job) {
        const bool overdue = job->is_overdue();
        if (overdue) job->answer(errc::database_busy);
        return overdue;
    });
}

// How many of the jobs share the next transaction; at least one.
std::size_t count_together(std::span<const std::unique_ptr<work>> jobs) {
    const auto large = std::ranges::find(jobs, job_size::large, [](const auto& job) { return job->size(); });
    return static_cast<std::size_t>(large - jobs.begin()) + (large == jobs.end() ? 0 : 1);
}

}  // namespace

group_committer::group_committer(std::unique_ptr<database> db, std::size_t capacity)
    : db_{std::move(db)}, waiting_{capacity}, thread_{[this] { loop(); }} {}

group_committer::~group_committer() { stop(); }

void group_committer::stop() {
    waiting_.close();
    if (thread_.joinable()) thread_.join();
}

writer_statistics group_committer::statistics() const { return {jobs_, commits_, failed_commits_, waiting_.size()}; }

void group_committer::enqueue(std::unique_ptr<work> next) {
    const auto taken = waiting_.push(next);
    if (!taken) next->answer(taken.error());
}

void group_committer::loop() {
    pthread_setname_np(pthread_self(), "sqlite-writer");  // for top -H
    for (;;) {
        auto jobs = waiting_.pop_waiting(jobs_per_commit);
        if (jobs.empty()) return;
        for (refuse_overdue(jobs); !jobs.empty(); refuse_overdue(jobs)) {
            jobs.erase(jobs.begin(), jobs.begin() + static_cast<std::ptrdiff_t>(commit_next(jobs)));
        }
    }
}

// Answers the jobs of the next transaction and tells how many they were. Where it cannot even begin they are all: somebody
// holds the database, and has been waited for once.
std::size_t group_committer::commit_next(work_span jobs) {
    std::size_t run = 0;
    const auto committed = run_and_commit(jobs.first(count_together(jobs)), run);
    if (run == 0) run = jobs.size();
    ++(committed ? commits_ : failed_commits_);
    // Also a job that failed by itself waits for the COMMIT: it may have failed because of what a neighbour wrote.
    for (const auto& job : jobs.first(run)) committed ? job->answer() : job->answer(committed.error());
    return run;
}

result<void> group_committer::run_and_commit(work_span jobs, std::size_t& run) {
    auto together = transaction::begin(*db_, intent::write);
    if (!together) return together.error();
    while (run < jobs.size()) {
        ++jobs_;
        if (!run_in_savepoint(*db_, *jobs[run++])) return errc::database_unavailable;
    }
    return together->commit();
}

}  // namespace stagedoor::sql
