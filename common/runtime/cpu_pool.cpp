#include "common/runtime/cpu_pool.hpp"

#include <algorithm>

#include "common/runtime/thread_class.hpp"
#include "common/runtime/yield_timer.hpp"

namespace stagedoor::runtime {

cpu_pool::cpu_pool(std::size_t threads, std::size_t queue, bounds wanted)
    : capacity_{queue}, bounds_{wanted}, desk_{std::make_shared<desk>(threads)} {
    for (auto& each : desk_->seats) {
        workers_.emplace_back(work_at, desk_, std::ref(each), bounds_.relief_niceness);
        reliefs_.emplace_back([this, &each] { relieve(each); });
    }
    usher_ = std::thread{[this] { usher(); }};
}

cpu_pool::~cpu_pool() { stop(); }

void cpu_pool::stop() {
    std::deque<waiting_job> turned_away;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        turned_away.swap(jobs_);
    }
    desk_->bell.post();
    if (usher_.joinable()) usher_.join();  // when all that ran is answered
    wake_relief_.notify_all();
    for (auto& thread : reliefs_) thread.join();
    reliefs_.clear();

    for (auto& each : desk_->seats) {
        each.work.store(nullptr, std::memory_order_release);
        each.given.post();
    }
    const auto latest = clock::now() + bounds_.relief_after;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
        const auto& gone = desk_->seats[i].gone;
        while (!gone.load(std::memory_order_acquire) && desk_->bell.wait_until(latest)) {
        }
        if (gone.load(std::memory_order_acquire)) {
            workers_[i].join();
        } else {
            workers_[i].detach();
        }
    }
    workers_.clear();
    for (auto& each : turned_away) each.what->finish(turn::stopped, crew::worker);
}

bool cpu_pool::submit(std::shared_ptr<job> next) {
    bool usher_sleeps = false;
    {
        const std::lock_guard lock{mutex_};
        if (closed_ || refuses(jobs_.size())) return false;
        // Else it wakes up for those before this one.
        usher_sleeps = jobs_.empty();
        jobs_.push_back({std::move(next), clock::now() + bounds_.longest_wait});
    }
    if (usher_sleeps) desk_->bell.post();
    return true;
}

std::size_t cpu_pool::waiting() const {
    const std::lock_guard lock{mutex_};
    return jobs_.size();
}

bool cpu_pool::full() const { return refuses(waiting()); }

std::chrono::milliseconds cpu_pool::backlog() const { return time_for(waiting()); }

bool cpu_pool::refuses(std::size_t waiting) const noexcept {
    return waiting >= capacity_ || time_for(waiting) > bounds_.longest_wait;
}

std::chrono::milliseconds cpu_pool::time_for(std::size_t waiting) const noexcept {
    const auto all_us = usual_us_.load(std::memory_order_relaxed) * static_cast<std::int64_t>(waiting);
    return std::chrono::milliseconds{all_us / 1000 / static_cast<std::int64_t>(desk_->seats.size())};
}

void cpu_pool::note_duration(clock::duration taken) noexcept {
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(taken).count();
    const auto usual = usual_us_.load(std::memory_order_relaxed);
    usual_us_.store(usual == 0 ? us : usual + (us - usual) / 16, std::memory_order_relaxed);
}

void cpu_pool::work_at(std::shared_ptr<desk> whose, seat& own, int niceness) {
    // By the end of the first job it has the memory that it will work in: from then on it needs nothing of anybody.
    become_batch(niceness);
    yield_timer yielding;
    for (bool first = true;; first = false) {
        own.given.wait();
        auto* const next = own.work.load(std::memory_order_acquire);
        if (next == nullptr) break;
        yielding.start();
        next->work(crew::worker);
        yielding.stop();
        if (first) become_idle();
        own.done.store(true, std::memory_order_release);
        whose->bell.post();
    }
    own.gone.store(true, std::memory_order_release);
    whose->bell.post();
}

void cpu_pool::relieve(seat& whose) {
    become_batch(bounds_.relief_niceness);
    std::unique_lock lock{mutex_};
    for (;;) {
        wake_relief_.wait(lock, [&] {
            return (whose.stuck && (whose.unanswered() || !jobs_.empty())) || (closed_ && all_answered());
        });
        std::shared_ptr<job> next;
        if (whose.stuck && whose.unanswered()) {
            next = whose.current;
        } else if (!jobs_.empty()) {
            next = std::move(jobs_.front().what);
            jobs_.pop_front();
        } else {
            return;
        }
        lock.unlock();
        const auto began = clock::now();
        next->work(crew::relief);
        lock.lock();
        if (!std::exchange(next->answered_, true)) {  // not by the worker
            note_duration(clock::now() - began);
            lock.unlock();
            relieved_.fetch_add(1, std::memory_order_relaxed);
            next->finish(turn::came, crew::relief);
            next.reset();
            lock.lock();
            if (closed_) desk_->bell.post();
        }
        // A relief that goes on and on fills the core that its worker waits for.
        wake_relief_.wait_for(lock, bounds_.relief_after / 4, [this] { return closed_; });
    }
}

void cpu_pool::usher() {
    become_prompt();
    std::vector<answer> told;
    for (bool ends = false; !ends;) {
        clock::time_point next;
        {
            const std::lock_guard lock{mutex_};
            const auto now = clock::now();
            collect_done(now, told);
            turn_away_the_late(now, told);
            seat_the_waiting(now);
            call_relief(now);
            ends = closed_ && all_answered();
            next = next_deadline();
        }
        for (const auto& each : told) each.what->finish(each.its, each.by);
        told.clear();
        if (!ends) desk_->bell.wait_until(next);
    }
}

void cpu_pool::collect_done(clock::time_point now, std::vector<answer>& told) {
    for (auto& each : desk_->seats) {
        if (!each.current || !each.done.exchange(false, std::memory_order_acquire)) continue;
        each.stuck = false;
        auto done = std::exchange(each.current, nullptr);
        if (std::exchange(done->answered_, true)) continue;  // by the relief
        note_duration(now - each.since);
        told.push_back({std::move(done), turn::came, crew::worker});
    }
}

void cpu_pool::turn_away_the_late(clock::time_point now, std::vector<answer>& told) {
    for (; !jobs_.empty() && jobs_.front().latest <= now; jobs_.pop_front()) {
        told.push_back({std::move(jobs_.front().what), turn::too_late, crew::worker});
    }
}

void cpu_pool::seat_the_waiting(clock::time_point now) {
    for (auto& each : desk_->seats) {
        if (jobs_.empty()) return;
        if (each.current) continue;
        each.current = std::move(jobs_.front().what);
        jobs_.pop_front();
        each.since = now;
        each.work.store(each.current.get(), std::memory_order_release);
        each.given.post();
    }
}

void cpu_pool::call_relief(clock::time_point now) {
    bool called = false;
    for (auto& each : desk_->seats) {
        if (!each.stuck && each.unanswered() && each.since + bounds_.relief_after <= now) each.stuck = true;
        called = called || (each.stuck && (each.unanswered() || !jobs_.empty()));
    }
    if (called) wake_relief_.notify_all();
}

cpu_pool::clock::time_point cpu_pool::next_deadline() const {
    auto next = jobs_.empty() ? clock::now() + std::chrono::hours{1} : jobs_.front().latest;
    for (const auto& each : desk_->seats) {
        if (!each.stuck && each.unanswered()) next = std::min(next, each.since + bounds_.relief_after);
    }
    return next;
}

bool cpu_pool::all_answered() const {
    return std::ranges::none_of(desk_->seats, [](const seat& each) { return each.unanswered(); });
}

}  // namespace stagedoor::runtime
