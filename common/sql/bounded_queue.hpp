// A queue between threads that refuses rather than grows.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "common/core/errc.hpp"

namespace stagedoor::sql {

template <class T>
class bounded_queue {
public:
    explicit bounded_queue(std::size_t capacity) : capacity_{capacity} {}

    // Takes from `item` only when it succeeds. errc::overloaded when full, errc::shutting_down when closed.
    result<void> push(T& item) {
        {
            const std::lock_guard lock{mutex_};
            if (closed_) return errc::shutting_down;
            if (items_.size() >= capacity_) return errc::overloaded;
            items_.push_back(std::move(item));
        }
        wake_.notify_one();
        return {};
    }

    // Waits for something; nothing once the queue is closed and empty.
    std::optional<T> pop() {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [this] { return closed_ || !items_.empty(); });
        if (items_.empty()) return std::nullopt;
        std::optional<T> item{std::move(items_.front())};
        items_.pop_front();
        return item;
    }

    // Waits for something and takes up to `most` of all that waits; empty once the queue is closed and empty.
    std::vector<T> pop_waiting(std::size_t most) {
        std::unique_lock lock{mutex_};
        wake_.wait(lock, [this] { return closed_ || !items_.empty(); });
        const auto end = items_.begin() + static_cast<std::ptrdiff_t>(std::min(most, items_.size()));
        std::vector<T> taken{std::make_move_iterator(items_.begin()), std::make_move_iterator(end)};
        items_.erase(items_.begin(), end);
        return taken;
    }

    // Refuses from now on; what waits can still be popped.
    void close() {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        wake_.notify_all();
    }

    std::size_t size() const {
        const std::lock_guard lock{mutex_};
        return items_.size();
    }

private:
    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<T> items_;
    bool closed_ = false;
};

}  // namespace stagedoor::sql
