#include "auth-service/src/approval/approval_service.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "common/core/limits.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::approval {
namespace {

// Batches that are on their way to Redis while the next one is committed.
constexpr std::size_t batches_ahead = 2;

// A batch that found the database busy is tried again: whoever sent 10,000 ids does not want to sort out which are
// left.
constexpr int attempts_of_batch = 4;
constexpr auto pause_of_batch = std::chrono::milliseconds{50};

// Calls under way, of all shards.
class bulk_ticket {
public:
    explicit bulk_ticket(std::atomic<std::size_t>& calls)
        : calls_{calls}, taken_{calls.fetch_add(1) < limits::bulk_calls} {}
    ~bulk_ticket() { calls_.fetch_sub(1); }
    bulk_ticket(const bulk_ticket&) = delete;
    bulk_ticket& operator=(const bulk_ticket&) = delete;

    bool taken() const noexcept { return taken_; }

private:
    std::atomic<std::size_t>& calls_;
    const bool taken_;
};

std::vector<outbox_row> rows_of(const std::vector<result<transition_outcome>>& outcomes) {
    std::vector<outbox_row> rows;
    for (const auto& each : outcomes) {
        // Also for repeated transitions: the answer has to be as true as the first one.
        if (each && each->event) rows.push_back({each->outbox_id, *each->event});
    }
    return rows;
}

}  // namespace

// The batches of one call that are on their way to Redis. On the caller's shard.
struct approval_service::relaying {
    explicit relaying(runtime::executor shard) : moved{shard} {}

    std::size_t under_way = 0;
    delivery of_all = delivery::relayed;
    runtime::event moved;
};

runtime::task<result<decided>> approval_service::decide(transition_request request, user::actor by) {
    auto outcome = co_await store_.apply(std::move(request), std::move(by));
    if (!outcome) co_return outcome.error();
    runtime::failpoint("committed");
    decided done{std::move(*outcome), delivery::relayed};
    if (!done.outcome.event) co_return done;
    // Also for a repeated request: its answer has to be as true as the first one.
    outbox_row row{done.outcome.outbox_id, *done.outcome.event};
    done.delivery = co_await relay_.deliver(std::move(row));
    co_return done;
}

runtime::task<result<std::vector<result<transition_outcome>>>> approval_service::apply_patiently(batch_request batch,
                                                                                                 user::actor by) {
    for (int attempt = 1;; ++attempt) {
        auto outcomes = co_await store_.apply_batch(batch, by);
        const bool busy = !outcomes && (to_errc(outcomes.error()) == errc::database_busy ||
                                        to_errc(outcomes.error()) == errc::overloaded);
        if (!busy || attempt == attempts_of_batch) co_return outcomes;
        co_await runtime::sleep_for(pause_of_batch);
    }
}

runtime::task<void> approval_service::relay_batch(std::vector<outbox_row> rows, std::shared_ptr<relaying> progress) {
    const auto what = co_await relay_.deliver_all(std::move(rows));
    if (what == delivery::pending) progress->of_all = what;
    progress->under_way -= 1;
    progress->moved.notify_all();
}

runtime::task<result<bulk_decided>> approval_service::decide_all(bulk_request request, user::actor by) {
    const bulk_ticket ticket{bulk_calls_};
    if (!ticket.taken()) co_return errc::overloaded;
    const auto shard = co_await runtime::asio::this_coro::executor;
    const auto progress = std::make_shared<relaying>(shard);
    bulk_decided all;
    all.outcomes.reserve(request.users.size());
    std::vector<outbox_row> rows;
    for (std::size_t begin = 0; begin < request.users.size(); begin += limits::bulk_batch) {
        const auto size = std::min(limits::bulk_batch, request.users.size() - begin);
        const auto first = request.users.begin() + static_cast<std::ptrdiff_t>(begin);
        batch_request batch{{first, first + static_cast<std::ptrdiff_t>(size)}, request.what, request.reason};
        auto outcomes = co_await apply_patiently(std::move(batch), by);
        if (!outcomes && begin == 0) co_return outcomes.error();
        if (!outcomes) {
            all.outcomes.resize(request.users.size(), result<transition_outcome>{outcomes.error()});
            break;
        }
        rows = rows_of(*outcomes);
        std::ranges::move(*outcomes, std::back_inserter(all.outcomes));
        const bool last = all.outcomes.size() == request.users.size();
        // While Redis is away the relay's scan will find the rows; the last batch waits as long as one decision does.
        if (rows.empty() || (progress->of_all == delivery::pending && !last)) continue;
        while (progress->under_way >= batches_ahead) co_await progress->moved.wait();
        progress->under_way += 1;
        tasks_.spawn("relay of a bulk decision", relay_batch(std::move(rows), progress));
    }
    while (progress->under_way > 0) co_await progress->moved.wait();
    all.delivery = progress->of_all;
    co_return all;
}

runtime::task<result<user_page>> approval_service::list(list_query query) {
    auto page = co_await store_.list(std::move(query));
    co_return page;
}

}  // namespace stagedoor::approval
