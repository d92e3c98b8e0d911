#include "common/sql/data_version_watch.hpp"

#include <utility>

namespace stagedoor::sql {

result<std::int64_t> data_version(database& db) {
    auto asked = db.query("PRAGMA data_version");
    if (!asked) return asked.error();
    const auto row = asked->next();
    if (!row) return row.error();
    return asked->row().integer(0);
}

data_version_watch::data_version_watch(std::unique_ptr<database> db, callback on_commit,
                                       std::chrono::milliseconds interval)
    : db_{std::move(db)}, on_commit_{std::move(on_commit)}, interval_{interval} {
    thread_ = std::thread{[this, seen = data_version(*db_)] { loop(seen); }};
}

data_version_watch::~data_version_watch() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

void data_version_watch::loop(result<std::int64_t> seen) {
    std::unique_lock lock{mutex_};
    while (!wake_.wait_for(lock, interval_, [this] { return stopping_; })) {
        lock.unlock();
        const auto now = data_version(*db_);
        // After a failure it is unknown what was missed: the first answer counts as a commit.
        const bool changed = now && (!seen || *now != *seen);
        const bool failed = !now && seen;
        seen = now;
        if (changed) on_commit_({});
        if (failed) on_commit_(now.error());
        lock.lock();
    }
}

}  // namespace stagedoor::sql
