// What may go, in SQLite: looked for by a reader, deleted by the writer, which others wait for. Turns are a lock on a
// file beside the database, for its processes are on one host.
#pragma once

#include "auth-service/src/store/sqlite_store.hpp"
#include "auth-service/src/upkeep/purge_store.hpp"

namespace stagedoor::store {

class sqlite_purge_store final : public upkeep::purge_store {
public:
    explicit sqlite_purge_store(sqlite_store& store) : store_{store} {}
    ~sqlite_purge_store() override { end_turn(); }
    sqlite_purge_store(const sqlite_purge_store&) = delete;
    sqlite_purge_store& operator=(const sqlite_purge_store&) = delete;

    bool begin_turn() override;
    void end_turn() noexcept override;
    runtime::task<result<upkeep::purge_step>> purge_outbox(std::int64_t after, std::chrono::milliseconds keep) override;
    runtime::task<result<upkeep::purge_step>> purge_ledger(std::chrono::milliseconds keep) override;
    runtime::task<result<std::optional<instant>>> oldest_outbox_row() override;

private:
    sqlite_store& store_;
    int lock_ = -1;  // the descriptor that holds the lock
};

}  // namespace stagedoor::store
