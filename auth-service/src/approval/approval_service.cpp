#include "auth-service/src/approval/approval_service.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

#include "common/core/limits.hpp"
#include "common/runtime/event.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::approval {
namespace {

// Batches of one call that are under way: one is committed, one is relayed, and one waits for each, so that neither the
// database nor Redis waits for the other.
constexpr std::size_t batches_at_once = 4;

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

// `size` of those whom the call is about, from the one at `begin`.
batch_request batch_of(const bulk_request& call, std::size_t begin, std::size_t size) {
    const auto part_of = [&](const auto& all) {
        const auto first = all.begin() + static_cast<std::ptrdiff_t>(begin);
        return std::vector(first, first + static_cast<std::ptrdiff_t>(size));
    };
    batch_request batch{part_of(call.users), call.what, call.reason};
    if (!call.expected_versions.empty()) batch.expected_versions = part_of(call.expected_versions);
    return batch;
}

std::vector<outbox_row> rows_of(const std::vector<result<transition_outcome>>& outcomes) {
    std::vector<outbox_row> rows;
    for (const auto& each : outcomes) {
        // Also for repeated transitions: the answer has to be as true as the first one.
        if (each && each->event) rows.push_back({each->outbox_id, *each->event});
    }
    return rows;
}

}  // namespace

// One call under way. On the caller's shard.
struct approval_service::bulk {
    bulk(runtime::executor shard, bulk_request wanted, user::actor who, std::chrono::steady_clock::time_point until)
        : request{std::move(wanted)},
          by{std::move(who)},
          begin_until{until},
          outcomes(request.users.size(), result<transition_outcome>{errc::shutting_down}),
          ended{shard} {}

    const bulk_request request;
    const user::actor by;
    const std::chrono::steady_clock::time_point begin_until;
    std::vector<result<transition_outcome>> outcomes;
    std::size_t next = 0;  // the first user that no batch has
    std::size_t committed = 0;
    boost::system::error_code failure;  // of a batch: no other is begun
    delivery of_all = delivery::relayed;
    std::size_t workers = 0;
    runtime::event ended;  // a worker has

    // One of them, however it ends.
    struct worker {
        std::shared_ptr<bulk> call;

        ~worker() {
            call->workers -= 1;
            call->ended.notify_all();
        }
    };
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

runtime::task<result<std::vector<result<transition_outcome>>>> approval_service::apply_patiently(
    batch_request batch, user::actor by, std::chrono::steady_clock::time_point again_until) {
    for (int attempt = 1;; ++attempt) {
        auto outcomes = co_await store_.apply_batch(batch, by);
        const bool busy = !outcomes && (to_errc(outcomes.error()) == errc::database_busy ||
                                        to_errc(outcomes.error()) == errc::overloaded);
        const bool late = std::chrono::steady_clock::now() >= again_until;
        if (!busy || late || attempt == attempts_of_batch) co_return outcomes;
        co_await runtime::sleep_for(pause_of_batch);
    }
}

runtime::task<void> approval_service::work_through(std::shared_ptr<bulk> call) {
    const bulk::worker self{call};
    const auto& users = call->request.users;
    while (call->next < users.size() && !call->failure) {
        const auto begin = call->next;
        if (begin > 0 && std::chrono::steady_clock::now() >= call->begin_until) {
            call->failure = errc::overloaded;
            break;
        }
        const auto size = std::min(limits::bulk_batch, users.size() - begin);
        call->next += size;
        auto batch = batch_of(call->request, begin, size);
        auto outcomes = co_await apply_patiently(std::move(batch), call->by, call->begin_until);
        if (!outcomes) {
            call->failure = outcomes.error();
            std::fill_n(call->outcomes.begin() + static_cast<std::ptrdiff_t>(begin), size,
                        result<transition_outcome>{outcomes.error()});
            break;
        }
        call->committed += size;
        auto rows = rows_of(*outcomes);
        std::ranges::move(*outcomes, call->outcomes.begin() + static_cast<std::ptrdiff_t>(begin));
        const bool last = begin + size == users.size();
        // While Redis is away the relay's scan will find the rows; the last batch waits as long as one decision does.
        if (rows.empty() || (call->of_all == delivery::pending && !last)) continue;
        const auto what = co_await relay_.deliver_all(std::move(rows));
        if (what == delivery::pending) call->of_all = what;
    }
}

runtime::task<result<bulk_decided>> approval_service::decide_all(bulk_request request, user::actor by,
                                                                 std::chrono::steady_clock::time_point begin_until) {
    const bulk_ticket ticket{bulk_calls_};
    if (!ticket.taken()) co_return errc::overloaded;
    const auto shard = co_await runtime::asio::this_coro::executor;
    const auto call = std::make_shared<bulk>(shard, std::move(request), std::move(by), begin_until);
    call->workers = batches_at_once;
    for (std::size_t i = 0; i < batches_at_once; ++i) tasks_.spawn("a bulk decision", work_through(call));
    while (call->workers > 0) co_await call->ended.wait();
    if (call->failure && call->committed == 0) co_return call->failure;
    std::fill(call->outcomes.begin() + static_cast<std::ptrdiff_t>(call->next), call->outcomes.end(),
              result<transition_outcome>{call->failure});
    co_return bulk_decided{std::move(call->outcomes), call->of_all};
}

runtime::task<result<user_page>> approval_service::list(list_query query) {
    auto page = co_await store_.list(std::move(query));
    co_return page;
}

runtime::task<result<std::optional<listed_user>>> approval_service::find(user_ref who) {
    auto found = co_await store_.find(std::move(who));
    co_return found;
}

}  // namespace stagedoor::approval
