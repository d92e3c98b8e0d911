// Carries the outbox to Redis: at least once, in order per user, by several instances at once (R1 to R4).
//
// Rows come by two roads. A request that has committed a change submits its row and learns what became of it; a scan
// of the outbox finds all that nobody submitted: changes by plain SQL, rows of a process that died, rows left by an
// outage. Scans wait until the fence's keeper knows what Redis has (R6). Belongs to one shard; ring() and deliver() may
// be called from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "auth-service/src/approval/carrier.hpp"
#include "auth-service/src/approval/fence_store.hpp"
#include "auth-service/src/approval/id_ranges.hpp"
#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

enum class delivery : std::uint8_t {
    relayed,  // every session's next check and every open socket will know
    pending,  // committed; it will be relayed as soon as Redis is there, and nobody believes Redis meanwhile
};

// What a scan of the whole outbox came to.
struct drained {
    enum class outcome : std::uint8_t {
        all,            // every row that was committed before the scan is in Redis
        not_all,        // Redis does not take them, or there are many
        database_away,  // nobody can read what is committed, and nobody has submitted a commit
    };
    outcome how = outcome::not_all;
    std::optional<outbox_mark> newest;  // the last row that was committed before the scan; if all
};

class relay {
public:
    relay(runtime::executor shard, outbox& rows, mailbox& letters, fence_store& fences);

    // Runs until stop(). Once.
    runtime::task<void> run();
    // Marks what was relayed, in batches, off the way of relaying (R4). Runs until stop(). Once.
    runtime::task<void> run_marker();

    // The database has changed: scan. From any thread.
    void ring();

    // Relays a row that was just committed, and resumes on the caller's shard. Tries for limits::redis_trust_lease
    // before it says pending.
    runtime::task<delivery> deliver(outbox_row row);
    // The same for several, in no longer than that; relayed when all of them are.
    runtime::task<delivery> deliver_all(std::vector<outbox_row> rows);

    // The keeper's and the replay's calls, on the relay's shard.
    // Whether letters may go to Redis at all. They may not until somebody has looked at what is there (R7).
    void open(bool may_post);
    // Redis lacks nothing but what is unpublished: scan. What was relayed before, to another life of its data, is
    // looked at anew.
    void begin_life(fence life);
    // Nobody knows what Redis has: no scans, nothing is marked.
    void end_life();
    // Waits for a scan that begins from now on, at most until `deadline`.
    runtime::task<drained> drain(std::chrono::steady_clock::time_point deadline);

    // On the relay's shard.
    void stop();

    const relay_counters& counters() const noexcept { return counters_; }
    // For replays: rows that were published before go the same way.
    carrier& carries() noexcept { return carrier_; }

private:
    // Rows that somebody waits for.
    struct submission {
        std::vector<outbox_row> rows;  // that are not relayed yet
        std::chrono::steady_clock::time_point give_up_at;
        std::function<void(delivery)> done;
        bool failed = false;  // before
    };

    runtime::task<bool> mark();
    runtime::task<void> deliver_submitted();
    // Returns those that are to be tried again.
    runtime::task<std::vector<submission>> deliver_round(std::vector<submission> round);
    runtime::task<void> scan();
    runtime::task<drained> scan_all();
    // For each row: nothing to complain of when it is in Redis now.
    runtime::task<std::vector<result<void>>> post(std::vector<outbox_row> rows);
    // The same, parking what is refused for good; true: no row is left to be tried again.
    runtime::task<bool> settle(std::vector<outbox_row> rows);
    void note_backlog(const std::vector<outbox_row>& waiting);
    void note_relayed(std::int64_t id, std::uint64_t in_life);

    runtime::executor shard_;
    outbox& outbox_;
    relay_counters counters_;
    carrier carrier_;
    fence_store& fences_;
    runtime::event bell_;
    runtime::event marks_;
    runtime::event scanned_;
    std::vector<submission> submitted_;
    bool fresh_ = false;  // some of them have not been tried yet
    std::uint64_t failed_deliveries_ = 0;  // of submissions
    id_ranges unmarked_;                   // relayed, not yet known to be marked
    std::optional<std::chrono::steady_clock::time_point> reading_since_;  // the database is asked by a scan
    std::uint64_t scans_asked_ = 0;
    std::uint64_t scans_answered_ = 0;
    drained last_scan_;
    std::optional<fence> life_;  // what is fed; nothing: nobody knows
    std::uint64_t lives_ = 0;    // counts the changes of it
    bool may_post_ = false;
    bool scan_due_ = true;
    bool stopping_ = false;
};

}  // namespace stagedoor::approval
