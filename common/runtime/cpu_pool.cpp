#include "common/runtime/cpu_pool.hpp"

#include "common/runtime/thread_class.hpp"

namespace stagedoor::runtime {

cpu_pool::cpu_pool(std::size_t threads, std::size_t queue, int niceness) : capacity_{queue}, thread_count_{threads} {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this, niceness] { loop(niceness); });
}

cpu_pool::~cpu_pool() { stop(); }

void cpu_pool::stop() {
    std::deque<job> turned_away;
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
        turned_away.swap(jobs_);
    }
    wake_.notify_all();
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    for (auto& each : turned_away) each(false);
}

bool cpu_pool::submit(job next) {
    {
        const std::lock_guard lock{mutex_};
        if (closed_ || jobs_.size() >= capacity_) return false;
        jobs_.push_back(std::move(next));
    }
    wake_.notify_one();
    return true;
}

std::size_t cpu_pool::waiting() const {
    const std::lock_guard lock{mutex_};
    return jobs_.size();
}

std::chrono::milliseconds cpu_pool::backlog() const {
    const auto all_us = usual_us_.load(std::memory_order_relaxed) * static_cast<std::int64_t>(waiting());
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
        job next;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
            if (closed_) return;
            next = std::move(jobs_.front());
            jobs_.pop_front();
        }
        const auto began = std::chrono::steady_clock::now();
        next(true);
        note_duration(std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began));
    }
}

}  // namespace stagedoor::runtime
