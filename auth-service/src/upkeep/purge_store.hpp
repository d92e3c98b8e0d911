// The port to what may go from the database: outbox rows that everybody has heard of (R4), sessions that were over long
// ago (T1).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::upkeep {

// What came of one step: some rows looked at, few enough of them deleted that no change waits for it.
struct purge_step {
    std::size_t deleted = 0;
    std::int64_t at = 0;  // of the outbox: where the next step begins
    bool end = false;     // nothing is left to be looked at
};

// Calls that are tasks: errc::database_unavailable, errc::database_busy, errc::overloaded.
class purge_store {
public:
    virtual ~purge_store() = default;

    // Of all processes on this database one purges at a time. False: another one does. The turn ends with end_turn() or
    // with the process.
    virtual bool begin_turn() = 0;
    virtual void end_turn() noexcept = 0;

    // Behind the row `after`: what was marked published longer than `keep` ago, but for the last
    // limits::outbox_kept_changes of each user.
    virtual runtime::task<result<purge_step>> purge_outbox(std::int64_t after, std::chrono::milliseconds keep) = 0;

    // Sessions whose absolute expiry was longer than `keep` ago, ended or not. Earlier an end may still have to be told
    // to an older copy of Redis (R6), where the record lives until then.
    virtual runtime::task<result<purge_step>> purge_ledger(std::chrono::milliseconds keep) = 0;

    // When the oldest row of the outbox was committed; nothing: there is none.
    virtual runtime::task<result<std::optional<instant>>> oldest_outbox_row() = 0;
};

}  // namespace stagedoor::upkeep
