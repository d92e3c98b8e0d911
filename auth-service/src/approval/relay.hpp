// Carries the outbox to Redis: at least once, in order per user, by several instances at once (R1 to R4).
//
// Rows come by two roads. A request that has committed a change submits its row and learns what became of it; a scan
// of the outbox finds all that nobody submitted: changes by plain SQL, rows of a process that died, rows left by an
// outage. Belongs to one shard; ring() and deliver() may be called from any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <unordered_set>
#include <vector>

#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

enum class delivery : std::uint8_t {
    relayed,  // every session's next check and every open socket will know
    pending,  // committed; it will be relayed as soon as Redis is there
};

// Since the start of the process; read by the metrics page from another thread.
struct relay_counters {
    std::atomic<std::uint64_t> relayed = 0;
    std::atomic<std::uint64_t> failed = 0;
    std::atomic<std::uint64_t> gaps = 0;
    std::atomic<std::uint64_t> rebases = 0;
    std::atomic<std::uint64_t> backlog = 0;  // rows found unpublished by the last scan
};

class relay {
public:
    relay(runtime::executor shard, outbox& rows, mailbox& letters);

    // Runs until stop(). Once.
    runtime::task<void> run();
    // Marks what was relayed, in batches, off the way of relaying (R4). Runs until stop(). Once.
    runtime::task<void> run_marker();

    // The database has changed: scan. From any thread.
    void ring();

    // Relays a row that was just committed, and resumes on the caller's shard.
    runtime::task<delivery> deliver(outbox_row row);

    // On the relay's shard.
    void stop();

    const relay_counters& counters() const noexcept { return counters_; }

private:
    struct submission {
        outbox_row row;
        std::function<void(delivery)> done;
    };

    runtime::task<void> deliver_submitted();
    runtime::task<bool> scan();
    // For each row: whether it is in Redis now.
    runtime::task<std::vector<bool>> publish(std::vector<outbox_row> rows);
    // Brings a user's stream from its newest version `top` to `wanted` at least; false when that failed.
    runtime::task<bool> catch_up(user_id user, std::int64_t top, std::int64_t wanted);
    void note_relayed(std::int64_t id);
    void note_failure(const outbox_row& row, const boost::system::error_code& why);

    runtime::executor shard_;
    outbox& outbox_;
    mailbox& mailbox_;
    runtime::event bell_;
    runtime::event marks_;
    std::vector<submission> submitted_;
    std::unordered_set<std::int64_t> unmarked_;  // relayed, not yet known to be marked
    std::chrono::steady_clock::time_point next_complaint_{};
    bool scan_due_ = true;
    bool stopping_ = false;
    relay_counters counters_;
};

}  // namespace stagedoor::approval
