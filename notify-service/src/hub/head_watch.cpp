#include "notify-service/src/hub/head_watch.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::notify {
namespace {

// A message that is on its way arrives within this time, or the subscription link counts as lost.
constexpr auto grace = limits::redis_reply_time;

}  // namespace

void head_watch::tick(steady_time now, std::chrono::milliseconds interval) {
    judge(now);
    if (looking_) return;
    auto due = sockets_.take_due(now, interval, limits::head_looks_at_once);
    if (due.empty()) return;
    looking_ = true;
    tasks_.spawn("head_watch", look(std::move(due), now));
}

void head_watch::judge(steady_time now) {
    const auto waiting = std::ranges::find_if(suspicions_, [&](const auto& each) { return each.judged_at > now; });
    for (auto each = suspicions_.begin(); each != waiting; ++each) {
        counts_.silent_losses.add(sockets_.read_if_behind(each->user, each->version));
    }
    suspicions_.erase(suspicions_.begin(), waiting);
}

runtime::task<void> head_watch::look(std::vector<head_question> all, steady_time asked) {
    const auto found = co_await source_.next_after(all);
    looking_ = false;
    if (!found) co_return;  // Redis is away: the sockets read when it is back
    for (std::size_t i = 0; i < all.size(); ++i) {
        if ((*found)[i]) suspicions_.push_back({all[i].user, *(*found)[i], asked + grace});
    }
}

}  // namespace stagedoor::notify
