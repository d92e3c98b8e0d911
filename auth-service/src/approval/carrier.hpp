// Brings outbox rows to Redis, each user's in unbroken order (R1), and parks what Redis refuses for good (R5). For the
// relay and for replays; belongs to the relay's shard.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/approval/outbox.hpp"

namespace stagedoor::approval {

// Since the start of the process; read by the metrics page from another thread.
struct relay_counters {
    std::atomic<std::uint64_t> relayed = 0;
    std::atomic<std::uint64_t> failed = 0;
    std::atomic<std::uint64_t> gaps = 0;
    std::atomic<std::uint64_t> rebases = 0;
    std::atomic<std::uint64_t> parked = 0;
    std::atomic<std::uint64_t> backlog = 0;           // rows found unpublished by the last scan
    std::atomic<std::int64_t> waiting_since_ms = 0;  // Unix time of the oldest of them; 0: there is none
};

class carrier {
public:
    carrier(outbox& rows, mailbox& letters, relay_counters& counters)
        : outbox_{rows}, mailbox_{letters}, counters_{counters} {}

    // For each row: nothing to complain of when it is in Redis now, and all that comes before it.
    runtime::task<std::vector<result<void>>> post(std::vector<outbox_row> rows);

    // Parks those of the rows that were refused too often, an outage being no refusal. True: all are in Redis or parked.
    runtime::task<bool> park_refused(std::vector<outbox_row> rows, std::vector<result<void>> outcomes);

    // Until each row is in Redis or parked. Errors: Redis is away, or the database.
    runtime::task<result<void>> carry(std::vector<outbox_row> rows);

private:
    // A user's stream that lacks events: it has to get from its newest version `top` to `wanted` at least.
    struct lag {
        user_id user;
        std::int64_t top;
        std::int64_t wanted;
        result<void> outcome{};
    };
    // Tells what came of each in its outcome.
    runtime::task<std::vector<lag>> catch_up(std::vector<lag> behind);
    runtime::task<std::vector<lag>> catch_up_together(std::vector<lag> behind);
    runtime::task<bool> park_if_refused_often(std::int64_t id, boost::system::error_code why);
    void note_failure(const outbox_row& row, const boost::system::error_code& why);

    outbox& outbox_;
    mailbox& mailbox_;
    relay_counters& counters_;
    std::unordered_map<std::int64_t, std::size_t> refusals_;  // by row: attempts that no outage explains
    std::chrono::steady_clock::time_point next_complaint_{};
};

}  // namespace stagedoor::approval
