#include "common/runtime/cpu_pool.hpp"

namespace stagedoor::runtime {

cpu_pool::cpu_pool(std::size_t threads, std::size_t queue) : capacity_{queue} {
    for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { loop(); });
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

void cpu_pool::loop() {
    for (;;) {
        job next;
        {
            std::unique_lock lock{mutex_};
            wake_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
            if (closed_) return;
            next = std::move(jobs_.front());
            jobs_.pop_front();
        }
        next(true);
    }
}

}  // namespace stagedoor::runtime
