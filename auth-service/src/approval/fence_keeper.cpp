#include "auth-service/src/approval/fence_keeper.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::approval {
namespace {

using std::chrono::steady_clock;

// Enough that no two lives share a name.
constexpr std::size_t life_name_bytes = 9;

}  // namespace

fence_keeper::fence_keeper(runtime::executor shard, fence_store& fences, outbox& rows, relay& feeds,
                           session::redis_trust& trust)
    : fences_{fences}, outbox_{rows}, relay_{feeds}, trust_{trust}, bell_{shard} {}

void fence_keeper::on_up() {
    due_ = true;
    bell_.notify_all();
}

void fence_keeper::on_down() {
    trust_.withdraw();
    drained_ = false;
}

void fence_keeper::stop() {
    stopping_ = true;
    trust_.withdraw();
    bell_.notify_all();
}

runtime::task<void> fence_keeper::run() {
    while (!stopping_) {
        const auto began = steady_clock::now();
        due_ = false;
        co_await look(began);
        if (!due_ && !stopping_) co_await bell_.wait_until(began + limits::redis_trust_renewal);
    }
}

runtime::task<void> fence_keeper::look(time_point began) {
    auto seen = co_await fences_.read();
    if (!seen) co_return;  // the lease runs out
    if (!seen->good()) {
        know_nothing();
        co_await begin_anew(std::move(*seen));
        co_return;
    }
    if (!known_ || !same_life(*known_, *seen->what)) know(*seen->what);

    const auto drained = co_await relay_.drain(began + limits::redis_trust_renewal);
    if (!trust_.holds()) drained_ = false;
    if (drained.how == drained::outcome::all) drained_ = true;
    if (!drained_ || drained.how == drained::outcome::not_all) co_return;

    auto next = *seen->what;
    if (drained.newest && drained.newest->id > next.cursor) {
        next.cursor = drained.newest->id;
        next.event = drained.newest->event;
    }
    const auto since = next.since;
    // Without the database nobody can end a session: what Redis has stays true.
    const auto true_as_of = drained.newest ? began : steady_clock::now();
    const auto written = co_await fences_.swap(std::move(seen->text), std::move(next));
    if (!written) co_return;
    due_ = !*written;  // another node has moved the cursor on, or the life has ended: look again
    if (*written && known_) trust_.grant(true_as_of, since);
}

void fence_keeper::know(const fence& good) {
    spdlog::info("fence: Redis {} has whole data, life {}, since {}", good.run_id, good.life, format_rfc3339(good.since));
    known_ = good;
    drained_ = false;
    relay_.begin_life(good);
}

void fence_keeper::know_nothing() {
    trust_.withdraw();
    drained_ = false;
    if (!std::exchange(known_, std::nullopt)) return;
    relay_.end_life();
}

runtime::task<void> fence_keeper::begin_anew(fence_sight seen) {
    const auto feed = co_await outbox_.switch_feed(seen.run_id);
    if (!feed) co_return;
    fence first;
    first.run_id = seen.run_id;
    first.life = random_text(life_name_bytes);
    first.feed = feed->feed;
    first.since = fences_.now();
    const auto written = co_await fences_.swap(std::move(seen.text), std::move(first));
    if (written) due_ = true;
}

}  // namespace stagedoor::approval
