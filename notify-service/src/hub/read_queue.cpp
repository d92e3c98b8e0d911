#include "notify-service/src/hub/read_queue.hpp"

#include <utility>

#include "common/core/limits.hpp"
#include "common/runtime/event.hpp"

namespace stagedoor::notify {

void read_queue::add(std::shared_ptr<reader> who) {
    if (std::exchange(who->is_queued, true)) return;
    waiting_.push_back(std::move(who));
    if (workers_ >= at_once) return;
    ++workers_;
    tasks_.spawn("read_queue", work());
}

runtime::task<void> read_queue::work() {
    while (!waiting_.empty() && !stopping_) {
        auto who = std::move(waiting_.front());
        waiting_.pop_front();
        who->is_queued = false;
        const bool done = co_await read_for(who);
        if (done) continue;
        if (!std::exchange(who->is_queued, true)) waiting_.push_back(std::move(who));
        co_await runtime::sleep_for(limits::redis_backoff_min);
    }
    --workers_;
}

runtime::task<bool> read_queue::read_for(std::shared_ptr<reader> who) {
    const auto wanted = who->wanted();
    if (!wanted) co_return true;
    counts_.reads.add();
    auto found = co_await source_.read(who->whose(), *wanted);
    if (found) {
        who->on_readout(*wanted, *std::move(found));
        co_return true;
    }
    counts_.failed_reads.add();
    if (found.error() != errc::redis_protocol) co_return false;
    who->on_unreadable();
    co_return true;
}

}  // namespace stagedoor::notify
