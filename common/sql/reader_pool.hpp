// Threads that read, each with its own connection, behind one bounded queue. They see every commit that was answered
// before they were asked.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/sql/bounded_queue.hpp"
#include "common/sql/work.hpp"

namespace stagedoor::sql {

class reader_pool {
public:
    // One thread per connection; `readers` is not empty. At most `capacity` jobs wait.
    explicit reader_pool(std::vector<std::unique_ptr<database>> readers, std::size_t capacity = limits::database_queue);
    ~reader_pool();
    reader_pool(const reader_pool&) = delete;
    reader_pool& operator=(const reader_pool&) = delete;

    // Runs `job(database&)`, which returns a result<T>, and calls `done` with it exactly once: on a reader's thread, or
    // at once on this thread with errc::overloaded or errc::shutting_down. errc::database_busy: also when its turn did not
    // come within `patience`. Two statements of one job that have to see the same moment need a transaction of
    // intent::read around them.
    template <class Job, class Done>
    void submit(Job job, Done done, std::chrono::milliseconds patience = limits::database_queue_time) {
        enqueue(make_work(std::move(job), std::move(done), patience));
    }

    std::size_t waiting() const { return waiting_.size(); }

    // Refuses from now on, does what waits, and joins the threads.
    void stop();

private:
    void enqueue(std::unique_ptr<work> next);
    void loop(database& db);

    std::vector<std::unique_ptr<database>> readers_;
    bounded_queue<std::unique_ptr<work>> waiting_;
    std::vector<std::thread> threads_;
};

}  // namespace stagedoor::sql
