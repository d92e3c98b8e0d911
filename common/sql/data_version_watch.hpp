// Notices that somebody else has committed, another process or the sqlite3 shell included (S5).
//
// A thread with a connection of its own asks `PRAGMA data_version` (3 µs) and holds no statement open in between. What
// it cannot see is a database file that was replaced: whoever listens scans by itself each second too.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "common/core/errc.hpp"
#include "common/core/limits.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::sql {

// Changes whenever another connection has committed; says nothing about this connection's own commits.
result<std::int64_t> data_version(database& db);

class data_version_watch {
public:
    // Called on the watch's thread, must not throw: a value after a commit of another connection (several commits may
    // be one call), an error when asking has begun to fail.
    using callback = std::function<void(result<void>)>;

    // Asks each `interval`, the first time before it returns: later commits are noticed.
    data_version_watch(std::unique_ptr<database> db, callback on_commit,
                       std::chrono::milliseconds interval = limits::database_watch);
    ~data_version_watch();
    data_version_watch(const data_version_watch&) = delete;
    data_version_watch& operator=(const data_version_watch&) = delete;

private:
    void loop(result<std::int64_t> seen);

    std::unique_ptr<database> db_;
    const callback on_commit_;
    const std::chrono::milliseconds interval_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace stagedoor::sql
