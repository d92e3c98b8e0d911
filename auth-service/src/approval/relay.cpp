#include "auth-service/src/approval/relay.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <iterator>
#include <utility>

#include "auth-service/src/approval/fence_policy.hpp"
#include "auth-service/src/approval/patience.hpp"
#include "common/core/limits.hpp"
#include "common/runtime/cpu_pool.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::approval {
namespace {

using std::chrono::steady_clock;

// Long enough to mark many rows with one commit, short enough that a restart relays few of them twice.
constexpr auto marking_interval = std::chrono::milliseconds{20};

constexpr auto failure_pause = std::chrono::milliseconds{100};
// A submitted row that failed is tried again: others wait for it.
constexpr auto retry_pause = std::chrono::milliseconds{25};
// A read that takes longer counts as a database that is away.
constexpr auto patience_with_database = std::chrono::milliseconds{150};

instant committed_at(const outbox_row& row) {
    const auto* const event = std::get_if<user_event>(&row.what);
    return event ? event->at : std::get<ended_session>(row.what).ended_at;
}

}  // namespace

relay::relay(runtime::executor shard, outbox& rows, mailbox& letters, fence_store& fences)
    : shard_{shard},
      outbox_{rows},
      carrier_{rows, letters, counters_},
      fences_{fences},
      bell_{shard},
      marks_{shard},
      scanned_{shard} {}

void relay::ring() {
    runtime::asio::post(shard_, [this] {
        scan_due_ = true;
        bell_.notify_all();
    });
}

void relay::stop() {
    stopping_ = true;
    bell_.notify_all();
    marks_.notify_all();
    scanned_.notify_all();
}

void relay::open(bool may_post) {
    if (may_post && !may_post_) bell_.notify_all();
    may_post_ = may_post;
}

void relay::begin_life(fence life) {
    unmarked_.clear();
    life_ = std::move(life);
    ++lives_;
}

void relay::end_life() {
    life_.reset();
    ++lives_;
}

runtime::task<drained> relay::drain(steady_clock::time_point deadline) {
    const auto wanted = ++scans_asked_;
    scan_due_ = true;
    bell_.notify_all();
    while (scans_answered_ < wanted && !stopping_) {
        const bool told = co_await scanned_.wait_until(deadline);
        if (told) continue;
        const bool slow = reading_since_ && steady_clock::now() - *reading_since_ >= patience_with_database;
        co_return drained{slow && submitted_.empty() ? drained::outcome::database_away : drained::outcome::not_all,
                          std::nullopt};
    }
    co_return last_scan_;
}

runtime::task<delivery> relay::deliver(outbox_row row) {
    std::vector<outbox_row> rows;
    rows.push_back(std::move(row));
    const auto what = co_await deliver_all(std::move(rows));
    co_return what;
}

runtime::task<delivery> relay::deliver_all(std::vector<outbox_row> rows) {
    if (rows.empty()) co_return delivery::relayed;
    const auto give_up_at = steady_clock::now() + limits::redis_trust_lease;
    auto start = [this, give_up_at, rows = std::move(rows)](auto done) mutable {
        auto shared = std::make_shared<decltype(done)>(std::move(done));
        runtime::asio::post(shard_, [this, shared, give_up_at, rows = std::move(rows)]() mutable {
            auto waiting =
                std::make_shared<patience>(shard_, give_up_at, [shared](delivery what) { (*shared)(what); });
            patience::begin(waiting);
            submitted_.push_back({std::move(rows), give_up_at, [waiting](delivery what) { waiting->tell(what); }});
            fresh_ = true;
            bell_.notify_all();
        });
    };
    const auto what = co_await runtime::async_from_thread<delivery>(std::move(start));
    co_return what;
}

runtime::task<void> relay::run() {
    auto next_scan = steady_clock::now();
    while (!stopping_) {
        co_await deliver_submitted();
        if (life_ && (scan_due_ || steady_clock::now() >= next_scan)) {
            scan_due_ = false;
            co_await scan();
            const bool done = last_scan_.how == drained::outcome::all;
            next_scan = steady_clock::now() + (done ? steady_clock::duration{limits::relay_poll} : failure_pause);
        }
        if (fresh_ || (life_ && scan_due_) || stopping_) continue;
        const auto now = steady_clock::now();
        const auto wake_at = life_ ? next_scan : now + steady_clock::duration{limits::relay_poll};
        co_await bell_.wait_until(submitted_.empty() ? wake_at : std::min(wake_at, now + retry_pause));
    }
    for (auto& each : std::exchange(submitted_, {})) each.done(delivery::pending);
}

runtime::task<void> relay::deliver_submitted() {
    fresh_ = false;
    auto waiting = std::exchange(submitted_, {});
    for (auto next = waiting.begin(); next != waiting.end();) {
        std::vector<submission> round;
        for (std::size_t rows = 0; next != waiting.end(); ++next) {
            rows += next->rows.size();
            if (!round.empty() && rows > limits::relay_round) break;
            round.push_back(std::move(*next));
        }
        auto left = co_await deliver_round(std::move(round));
        std::ranges::move(left, std::back_inserter(submitted_));
    }
}

runtime::task<std::vector<relay::submission>> relay::deliver_round(std::vector<submission> round) {
    // What a scan has relayed meanwhile, to this life, is where it has to be. (A row that was purged has no id.)
    const auto is_there = [this](const outbox_row& row) { return life_ && row.id != 0 && unmarked_.contains(row.id); };
    std::vector<outbox_row> rows;
    for (auto& each : round) {
        std::erase_if(each.rows, is_there);
        rows.insert(rows.end(), each.rows.begin(), each.rows.end());
    }
    std::vector<result<void>> published(rows.size(), result<void>{errc::redis_unavailable});
    if (may_post_ && !rows.empty()) published = co_await post(std::move(rows));
    const auto now = steady_clock::now();
    auto outcome = published.begin();
    std::vector<submission> left;
    for (auto& each : round) {
        std::erase_if(each.rows, [&outcome](const outbox_row&) { return (outcome++)->has_value(); });
        if (each.rows.empty()) {
            each.done(delivery::relayed);
            continue;
        }
        failed_deliveries_ += 1;
        each.failed = true;
        if (now >= each.give_up_at) {
            each.done(delivery::pending);
        } else {
            left.push_back(std::move(each));
        }
    }
    co_return left;
}

runtime::task<void> relay::scan() {
    const auto answers = scans_asked_;
    auto outcome = co_await scan_all();
    last_scan_ = std::move(outcome);
    scans_answered_ = answers;
    scanned_.notify_all();
}

runtime::task<drained> relay::scan_all() {
    using outcome = drained::outcome;
    for (;;) {
        // Left out is what is relayed but not yet marked, and what was submitted: it goes out below, from memory. Where
        // that has failed before, the row is found here, and parked in the end.
        auto known = unmarked_;
        for (const auto& each : submitted_) {
            if (each.failed) continue;
            for (const auto& row : each.rows) known.insert(row.id);
        }
        const auto failed_before = failed_deliveries_;
        reading_since_ = steady_clock::now();
        auto found = co_await outbox_.unpublished(limits::relay_batch, std::move(known));
        reading_since_.reset();
        if (!found) {
            // A row that was submitted is a commit that Redis lacks, whatever can be read. A full queue is no outage.
            const bool away = submitted_.empty() && to_errc(found.error()) != errc::overloaded;
            co_return drained{away ? outcome::database_away : outcome::not_all, std::nullopt};
        }
        const bool more = found->rows.size() >= limits::relay_batch;
        auto& rows = found->rows;
        std::erase_if(rows, [this](const outbox_row& row) { return unmarked_.contains(row.id); });
        note_backlog(rows);
        if (!rows.empty()) {
            runtime::failpoint("scanned");
            const bool all = co_await settle(std::move(rows));
            if (!all) co_return drained{};
            note_backlog({});
        }
        co_await deliver_submitted();  // fresh changes do not wait for an old backlog
        if (failed_deliveries_ != failed_before) co_return drained{};
        if (!more) co_return drained{outcome::all, std::move(found->newest)};
        if (stopping_ || !life_) co_return drained{};
    }
}

void relay::note_backlog(const std::vector<outbox_row>& waiting) {
    counters_.backlog = waiting.size();
    counters_.waiting_since_ms = waiting.empty() ? 0 : to_unix_ms(committed_at(waiting.front()));
}

runtime::task<std::vector<result<void>>> relay::post(std::vector<outbox_row> rows) {
    const auto life = lives_;
    auto outcomes = co_await carrier_.post(rows);
    runtime::failpoint("posted");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (outcomes[i]) note_relayed(rows[i].id, life);
    }
    co_return outcomes;
}

runtime::task<bool> relay::settle(std::vector<outbox_row> rows) {
    auto outcomes = co_await post(rows);
    const bool all = co_await carrier_.park_refused(std::move(rows), std::move(outcomes));
    co_return all;
}

void relay::note_relayed(std::int64_t id, std::uint64_t in_life) {
    if (!life_ || lives_ != in_life) return;  // it comes again with the next scan
    unmarked_.insert(id);
    marks_.notify_all();
}

runtime::task<void> relay::run_marker() {
    while (!stopping_) {
        if (unmarked_.empty()) co_await marks_.wait();
        co_await runtime::sleep_for(marking_interval);
        const bool marked = co_await mark();
        if (!marked) co_await runtime::sleep_for(failure_pause);
    }
}

runtime::task<bool> relay::mark() {
    const auto ids = unmarked_.lowest(limits::relay_marks);
    if (ids.empty() || !life_) co_return true;
    const auto life = *life_;
    // They were relayed to this life. If Redis still has it now, it has them.
    const auto seen = co_await fences_.read();
    if (!seen || !may_mark(*seen, life)) co_return false;
    runtime::failpoint("marking");
    feed_ref fed{life.run_id, life.feed};
    const auto marked = co_await outbox_.mark_published(ids, std::move(fed));
    if (!marked) co_return false;
    runtime::failpoint("marked");
    if (life_ && same_life(*life_, life)) unmarked_.erase(ids);
    co_return true;
}

}  // namespace stagedoor::approval
