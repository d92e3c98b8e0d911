#include "auth-service/src/upkeep/purger.hpp"

#include <spdlog/spdlog.h>

namespace stagedoor::upkeep {
namespace {

struct turn {
    explicit turn(purge_store& store) : store_{store}, mine{store.begin_turn()} {}
    ~turn() {
        if (mine) store_.end_turn();
    }
    turn(const turn&) = delete;
    turn& operator=(const turn&) = delete;

    purge_store& store_;
    const bool mine;
};

}  // namespace

void purger::stop() {
    stopping_ = true;
    bell_.notify_all();
}

runtime::task<void> purger::run() {
    co_await pause(pace_.first);
    while (!stopping_) {
        const auto done = co_await pass();
        if (!done) spdlog::debug("purge: given up until the next time: {}", done.error().message());
        co_await pause(pace_.interval);
    }
}

runtime::task<void> purger::pause(std::chrono::milliseconds time) {
    const auto until = std::chrono::steady_clock::now() + time;
    if (!stopping_) co_await bell_.wait_until(until);
}

runtime::task<result<void>> purger::pass() {
    const auto rows_before = counts_.outbox_rows.load();
    const auto sessions_before = counts_.sessions.load();
    const turn taken{store_};
    if (taken.mine) {
        const auto outbox = co_await walk_outbox();
        if (!outbox) co_return outbox;
        const auto ledger = co_await walk_ledger();
        if (!ledger) co_return ledger;
    }
    const auto rows = counts_.outbox_rows - rows_before;
    const auto sessions = counts_.sessions - sessions_before;
    if (rows > 0 || sessions > 0) spdlog::info("purge: {} outbox rows and {} sessions deleted", rows, sessions);
    const auto oldest = co_await store_.oldest_outbox_row();
    if (!oldest) co_return oldest.error();
    counts_.oldest_row_ms = *oldest ? to_unix_ms(**oldest) : 0;
    co_return result<void>{};
}

runtime::task<result<void>> purger::walk_outbox() {
    std::int64_t at = 0;
    while (!stopping_) {
        const auto step = co_await store_.purge_outbox(at, keep_outbox_);
        if (!step) co_return step.error();
        counts_.outbox_rows += step->deleted;
        if (step->end) break;
        at = step->at;
        co_await pause(pace_.pause);
    }
    co_return result<void>{};
}

runtime::task<result<void>> purger::walk_ledger() {
    while (!stopping_) {
        const auto step = co_await store_.purge_ledger(limits::ledger_kept_after_expiry);
        if (!step) co_return step.error();
        counts_.sessions += step->deleted;
        if (step->end) break;
        co_await pause(pace_.pause);
    }
    co_return result<void>{};
}

}  // namespace stagedoor::upkeep
