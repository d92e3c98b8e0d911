#include "common/obs/line_writer.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

namespace stagedoor::obs {
namespace {

// One write takes this much at most: fewer system calls under load, and little that a hanging write holds.
constexpr std::size_t batch_bytes = 64 * 1024;

// False when the descriptor takes no more, ever.
bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const auto written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            pollfd writable{.fd = fd, .events = POLLOUT, .revents = 0};
            ::poll(&writable, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

}  // namespace

struct line_writer::shared_state {
    int fd;
    std::function<std::string(std::uint64_t)> drop_notice;
    std::size_t capacity;

    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable drained;
    std::deque<std::string> lines;
    std::size_t bytes = 0;          // in `lines`
    std::uint64_t unannounced = 0;  // dropped since the last notice
    std::atomic<std::uint64_t> dropped{0};
    bool writing = false;
    bool closed = false;

    bool idle() const { return lines.empty() && !writing; }

    // Takes the next lines, the notice of dropped ones before them. The lock is held.
    std::string take_batch() {
        std::string batch;
        if (unannounced > 0) batch = drop_notice(std::exchange(unannounced, 0));
        while (!lines.empty() && batch.size() < batch_bytes) {
            bytes -= lines.front().size();
            batch += lines.front();
            lines.pop_front();
        }
        return batch;
    }
};

line_writer::line_writer(int fd, std::function<std::string(std::uint64_t)> drop_notice, std::size_t queue_bytes,
                         std::chrono::milliseconds close_time)
    : state_{std::make_shared<shared_state>()}, close_time_{close_time} {
    state_->fd = fd;
    state_->drop_notice = std::move(drop_notice);
    state_->capacity = queue_bytes;
    thread_ = std::thread{[state = state_] { run(state); }};
}

line_writer::~line_writer() {
    const bool finished = flush(close_time_);
    {
        const std::lock_guard lock{state_->mutex};
        state_->closed = true;
    }
    state_->wake.notify_one();
    if (finished) {
        thread_.join();
    } else {
        thread_.detach();
    }
}

void line_writer::push(std::string line) {
    {
        const std::lock_guard lock{state_->mutex};
        state_->bytes += line.size();
        state_->lines.push_back(std::move(line));
        while (state_->bytes > state_->capacity) {
            state_->bytes -= state_->lines.front().size();
            state_->lines.pop_front();
            ++state_->unannounced;
            state_->dropped.fetch_add(1, std::memory_order_relaxed);
        }
    }
    state_->wake.notify_one();
}

bool line_writer::flush(std::chrono::milliseconds time) {
    std::unique_lock lock{state_->mutex};
    return state_->drained.wait_for(lock, time, [this] { return state_->idle(); });
}

std::uint64_t line_writer::dropped() const noexcept { return state_->dropped.load(std::memory_order_relaxed); }

void line_writer::run(const std::shared_ptr<shared_state>& state) {
    std::unique_lock lock{state->mutex};
    for (;;) {
        state->wake.wait(lock, [&] { return state->closed || !state->lines.empty(); });
        if (state->closed) return;
        const auto batch = state->take_batch();
        state->writing = true;
        lock.unlock();
        // A descriptor that is broken for good loses the lines: there is nowhere left to say so.
        static_cast<void>(write_all(state->fd, batch));
        lock.lock();
        state->writing = false;
        if (state->idle()) state->drained.notify_all();
    }
}

}  // namespace stagedoor::obs
