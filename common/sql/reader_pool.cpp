#include "common/sql/reader_pool.hpp"

#include <pthread.h>

namespace stagedoor::sql {

reader_pool::reader_pool(std::vector<std::unique_ptr<database>> readers, std::size_t capacity)
    : readers_{std::move(readers)}, waiting_{capacity} {
    for (const auto& reader : readers_) threads_.emplace_back([this, db = reader.get()] { loop(*db); });
}

reader_pool::~reader_pool() { stop(); }

void reader_pool::stop() {
    waiting_.close();
    for (auto& thread : threads_) {
        if (thread.joinable()) thread.join();
    }
}

void reader_pool::enqueue(std::unique_ptr<work> next) {
    const auto taken = waiting_.push(next);
    if (!taken) next->answer(taken.error());
}

void reader_pool::loop(database& db) {
    pthread_setname_np(pthread_self(), "sqlite-reader");  // for top -H
    while (const auto job = waiting_.pop()) {
        if ((*job)->is_overdue()) {
            (*job)->answer(errc::database_busy);
            continue;
        }
        static_cast<void>((*job)->run(db));  // the answer carries the outcome, good or bad
        (*job)->answer();
    }
}

}  // namespace stagedoor::sql
