// Keeps the database from growing for ever (R4): every some minutes it walks through outbox and ledger in small steps, with
// a pause after each, so that nobody's change waits. One process at a time. Belongs to one shard.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "auth-service/src/upkeep/purge_store.hpp"
#include "common/core/limits.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::upkeep {

struct purge_pace {
    std::chrono::milliseconds first = limits::purge_first;
    std::chrono::milliseconds interval = limits::purge_interval;
    std::chrono::milliseconds pause = limits::purge_pause;
};

class purger {
public:
    // `keep_outbox`: how long published rows stay.
    purger(runtime::executor shard, purge_store& store, std::chrono::milliseconds keep_outbox, purge_pace pace = {})
        : store_{store}, keep_outbox_{keep_outbox}, pace_{pace}, bell_{shard} {}

    // Runs until stop(). Once.
    runtime::task<void> run();
    void stop();

    // Since the start of the process; read by the metrics page from another thread.
    struct counters {
        std::atomic<std::uint64_t> outbox_rows = 0;
        std::atomic<std::uint64_t> sessions = 0;
        std::atomic<std::int64_t> oldest_row_ms = 0;  // Unix time, as of the last pass; 0: there was none
    };
    const counters& counts() const noexcept { return counts_; }

private:
    runtime::task<result<void>> pass();
    runtime::task<result<void>> walk_outbox();
    runtime::task<result<void>> walk_ledger();
    runtime::task<void> pause(std::chrono::milliseconds time);

    purge_store& store_;
    const std::chrono::milliseconds keep_outbox_;
    const purge_pace pace_;
    runtime::event bell_;
    counters counts_;
    bool stopping_ = false;
};

}  // namespace stagedoor::upkeep
