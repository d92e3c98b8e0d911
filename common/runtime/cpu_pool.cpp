#include "common/runtime/cpu_pool.hpp"

#include "common/runtime/thread_class.hpp"

namespace stagedoor::runtime {

cpu_pool::cpu_pool(std::size_t threads, std::size_t queue, int niceness, std::chrono::milliseconds longest_wait)
    : capacity_{queue}, thread_count_{threads}, longest_wait_{longest_wait} {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, niceness] { loop(niceness); });
    usher_ = std::thread{[this] { turn_away_the_late(); }};
}

cpu_pool::~cpu_pool() { stop(); }

void cpu_pool::stop() {
    std::deque<waiting_job> turned_away;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        turned_away.swap(jobs_);
    }
    wake_.notify_all();
    wake_usher_.notify_one();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    if (usher_.joinable()) usher_.join();
    for (auto& each : turned_away) each.call(turn::stopped);
}

bool cpu_pool::submit(job next) {
    bool first = false;
    {
        const std::lock_guard lock{mutex_};
        if (closed_ || refuses(jobs_.size())) return false;
        first = jobs_.empty();
        jobs_.push_back({std::move(next), clock::now() + longest_wait_});
    }
    wake_.notify_one();
    if (first) wake_usher_.notify_one();
    return true;
}

std::size_t cpu_pool::waiting() const {
    const std::lock_guard lock{mutex_};
    return jobs_.size();
}

bool cpu_pool::full() const { return refuses(waiting()); }

std::chrono::milliseconds cpu_pool::backlog() const { return time_for(waiting()); }

bool cpu_pool::refuses(std::size_t waiting) const noexcept {
    return waiting >= capacity_ || time_for(waiting) > longest_wait_;
}

std::chrono::milliseconds cpu_pool::time_for(std::size_t waiting) const noexcept {
    const auto all_us = usual_us_.load(std::memory_order_relaxed) * static_cast<std::int64_t>(waiting);
    return std::chrono::milliseconds{all_us / 1000 / static_cast<std::int64_t>(thread_count_)};
}

void cpu_pool::note_duration(std::chrono::microseconds duration) noexcept {
    const auto usual = usual_us_.load(std::memory_order_relaxed);
    // Threads may overwrite each other's: an average that misses a job is one.
    usual_us_.store(usual == 0 ? duration.count() : usual + (duration.count() - usual) / 16, std::memory_order_relaxed);
}

void cpu_pool::loop(int niceness) {
    if (niceness > 0) become_batch(niceness);
    for (;;) {
        waiting_job next;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
            if (closed_) return;
            next = std::move(jobs_.front());
            jobs_.pop_front();
        }
        const auto began = clock::now();
        if (began > next.latest) {
            next.call(turn::too_late);
            continue;
        }
        next.call(turn::came);
        note_duration(std::chrono::duration_cast<std::chrono::microseconds>(clock::now() - began));
    }
}

void cpu_pool::turn_away_the_late() {
    std::unique_lock lock{mutex_};
    for (;;) {
        wake_usher_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
        if (closed_) return;
        const auto latest = jobs_.front().latest;
        if (clock::now() < latest) {
            wake_usher_.wait_until(lock, latest, [this] { return closed_; });
            continue;
        }
        const auto late = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        late.call(turn::too_late);
        lock.lock();
    }
}

}  // namespace stagedoor::runtime
