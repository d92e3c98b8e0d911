// Something that is done at an even pace, and what each time of it took.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <vector>

namespace stagedoor::bench {

class paced {
public:
    using clock = std::chrono::steady_clock;

    paced(std::size_t count, double per_second) : interval_{1 / per_second} { took_us_.reserve(count); }

    // Waits until the next is due.
    clock::time_point wait() {
        next_ += std::chrono::duration_cast<clock::duration>(interval_);
        const auto since = next_.time_since_epoch();
        std::timespec at{};
        at.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(since).count();
        at.tv_nsec = std::chrono::nanoseconds{since % std::chrono::seconds{1}}.count();
        ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
        return clock::now();
    }
    void note(clock::time_point begun) {
        took_us_.push_back(std::chrono::duration<double, std::micro>{clock::now() - begun}.count());
    }
    // A line of JSON, in µs.
    void print() {
        std::ranges::sort(took_us_);
        const auto at = [&](double share) {
            return took_us_[static_cast<std::size_t>(share * static_cast<double>(took_us_.size() - 1))];
        };
        std::printf("{\"p50\":%.1f,\"p90\":%.1f,\"p99\":%.1f,\"max\":%.1f}\n", at(0.5), at(0.9), at(0.99),
                    took_us_.back());
    }

private:
    std::chrono::duration<double> interval_;
    clock::time_point next_ = clock::now();
    std::vector<double> took_us_;
};

}  // namespace stagedoor::bench
