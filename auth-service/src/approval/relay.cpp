#include "auth-service/src/approval/relay.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <chrono>
#include <unordered_map>
#include <utility>

#include "common/core/limits.hpp"
#include "common/runtime/cpu_pool.hpp"

namespace stagedoor::approval {
namespace {

using std::chrono::steady_clock;

// Long enough to mark many rows with one commit, short enough that a restart relays few of them twice.
constexpr auto marking_interval = std::chrono::milliseconds{20};

// A row that Redis refuses comes back with every scan.
constexpr auto complaint_interval = std::chrono::seconds{10};

constexpr auto failure_pause = std::chrono::milliseconds{100};
// A submitted row that failed is tried again: others wait for it.
constexpr auto retry_pause = std::chrono::milliseconds{25};
// A read that takes longer counts as a database that is away.
constexpr auto patience_with_database = std::chrono::milliseconds{150};

const user_event* as_event(const outbox_row& row) noexcept { return std::get_if<user_event>(&row.what); }

}  // namespace

relay::relay(runtime::executor shard, outbox& rows, mailbox& letters, fence_store& fences)
    : shard_{shard},
      outbox_{rows},
      mailbox_{letters},
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
        co_return drained{slow ? drained::outcome::database_away : drained::outcome::not_all, std::nullopt};
    }
    co_return last_scan_;
}

runtime::task<delivery> relay::deliver(outbox_row row) {
    const auto give_up_at = steady_clock::now() + limits::redis_trust_lease;
    auto start = [this, give_up_at, row = std::move(row)](auto done) mutable {
        auto shared = std::make_shared<decltype(done)>(std::move(done));
        runtime::asio::post(shard_, [this, shared, give_up_at, row = std::move(row)]() mutable {
            submitted_.push_back({std::move(row), give_up_at, [shared](delivery what) { (*shared)(what); }});
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
    if (submitted_.empty()) co_return;
    auto batch = std::exchange(submitted_, {});
    std::vector<outbox_row> rows;
    rows.reserve(batch.size());
    for (const auto& each : batch) rows.push_back(each.row);
    const auto published = co_await publish(std::move(rows));
    const auto now = steady_clock::now();
    for (std::size_t i = 0; i < batch.size(); ++i) {
        if (published[i]) {
            batch[i].done(delivery::relayed);
        } else if (now >= batch[i].give_up_at) {
            batch[i].done(delivery::pending);
        } else {
            submitted_.push_back(std::move(batch[i]));
        }
    }
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
        // Rows that are relayed but not yet marked come again: ask for as many more.
        const auto most = limits::relay_batch + unmarked_.size();
        reading_since_ = steady_clock::now();
        auto found = co_await outbox_.unpublished(most);
        reading_since_.reset();
        if (!found) co_return drained{outcome::database_away, std::nullopt};
        const bool more = found->rows.size() >= most;
        auto& rows = found->rows;
        std::erase_if(rows, [this](const outbox_row& row) { return unmarked_.contains(row.id); });
        counters_.backlog = rows.size();
        if (!rows.empty()) {
            const auto published = co_await publish(std::move(rows));
            const bool all = std::ranges::find(published, false) == published.end();
            if (!all) co_return drained{};
            counters_.backlog = 0;
        }
        if (!more) co_return drained{outcome::all, std::move(found->newest)};
        if (stopping_ || !life_) co_return drained{};
        co_await deliver_submitted();  // fresh changes do not wait for an old backlog
    }
}

runtime::task<std::vector<bool>> relay::publish(std::vector<outbox_row> rows) {
    std::vector<bool> published(rows.size(), false);
    const auto life = lives_;
    const auto results = co_await mailbox_.post(rows);

    struct lag {
        std::int64_t top;
        std::int64_t wanted;
    };
    std::unordered_map<user_id, lag, id_hash<user_tag>> behind;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!results[i]) continue;
        const auto* const event = as_event(rows[i]);
        published[i] = !event || results[i]->what != posted::outcome::gap;
        if (published[i]) continue;
        auto& lag_of_user = behind.try_emplace(event->facts.id, lag{results[i]->top, 0}).first->second;
        lag_of_user.wanted = std::max(lag_of_user.wanted, event->facts.version);
    }
    for (const auto& [user, how] : behind) {
        counters_.gaps += 1;
        const bool caught_up = co_await catch_up(user, how.top, how.wanted);
        if (!caught_up) continue;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto* const event = as_event(rows[i]);
            if (event && event->facts.id == user && results[i]) published[i] = true;
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (published[i]) {
            note_relayed(rows[i].id, life);
        } else {
            note_failure(rows[i], results[i] ? boost::system::error_code{} : results[i].error());
        }
    }
    co_return published;
}

runtime::task<bool> relay::catch_up(user_id user, std::int64_t top, std::int64_t wanted) {
    while (top < wanted) {
        auto events = co_await outbox_.events_from(user, top + 1, limits::stream_entries);
        if (!events || events->empty()) co_return false;
        const auto first = events->front().facts.version;
        const auto last = events->back().facts.version;

        if (first == top + 1) {
            const auto results = co_await mailbox_.post_again(std::move(*events));
            const bool all = std::ranges::all_of(
                results, [](const auto& r) { return r && r->what != posted::outcome::gap; });
            if (!all) co_return false;
        } else {
            // The outbox no longer has what is missing: the stream begins anew where the outbox does.
            spdlog::warn("relay: events {} to {} of user {} were purged before Redis lost them; rebasing", top + 1,
                         first - 1, user.text());
            counters_.rebases += 1;
            const auto rebased = co_await mailbox_.rebase(top, std::move(*events));
            if (!rebased || !*rebased) co_return false;
        }
        top = last;
    }
    co_return true;
}

void relay::note_relayed(std::int64_t id, std::uint64_t in_life) {
    counters_.relayed += 1;
    if (!life_ || lives_ != in_life) return;  // it comes again with the next scan
    unmarked_.insert(id);
    marks_.notify_all();
}

// An outage fails every row, and the link says so already; what is left to say is which row is at fault.
void relay::note_failure(const outbox_row& row, const boost::system::error_code& why) {
    counters_.failed += 1;
    const auto now = steady_clock::now();
    if (to_errc(why) == errc::redis_unavailable || now < next_complaint_) return;
    next_complaint_ = now + complaint_interval;
    const auto* const event = as_event(row);
    const auto& user = event ? event->facts.id : std::get<ended_session>(row.what).who.user;
    spdlog::error("relay: outbox row {} of user {} cannot be relayed and is tried again: {}", row.id, user.text(),
                  why ? why.message() : "events before it are missing");
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
    const std::vector<std::int64_t> ids(unmarked_.begin(), unmarked_.end());
    if (ids.empty() || !life_) co_return true;
    const auto life = *life_;
    // They were relayed to this life. If Redis still has it now, it has them.
    const auto seen = co_await fences_.read();
    if (!seen || !seen->good() || !same_life(*seen->what, life)) co_return false;
    feed_ref fed{life.run_id, life.feed};
    const auto marked = co_await outbox_.mark_published(ids, std::move(fed));
    if (!marked) co_return false;
    if (life_ && same_life(*life_, life)) {
        for (const auto id : ids) unmarked_.erase(id);
    }
    co_return true;
}

}  // namespace stagedoor::approval
