// Writes lines to a file descriptor from a thread of its own. Whoever hands a line over never waits for the reader:
// beyond the bound the oldest lines go, counted. Private to the room.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace stagedoor::obs {

class line_writer {
public:
    // About 10,000 lines: some seconds of a busy process, while whatever reads the log restarts.
    static constexpr std::size_t default_queue_bytes = 4 * 1024 * 1024;
    // How long the end of the process waits for a reader that takes nothing.
    static constexpr std::chrono::milliseconds default_close_time{1000};

    // `drop_notice(n)` makes the line that stands in the place of n dropped ones; it runs on the writer's thread.
    // `fd` stays open for as long as the process, since a write that hangs outlives this object.
    line_writer(int fd, std::function<std::string(std::uint64_t)> drop_notice,
                std::size_t queue_bytes = default_queue_bytes,
                std::chrono::milliseconds close_time = default_close_time);
    // Waits until all lines are written, but no longer than `close_time`.
    ~line_writer();
    line_writer(const line_writer&) = delete;
    line_writer& operator=(const line_writer&) = delete;

    // `line` ends in a newline. Any thread.
    void push(std::string line);

    // Waits until the lines that were pushed before are written; false when `time` was over first.
    bool flush(std::chrono::milliseconds time);

    std::uint64_t dropped() const noexcept;

private:
    struct shared_state;
    static void run(const std::shared_ptr<shared_state>& state);

    std::shared_ptr<shared_state> state_;  // shared with the thread, which is left behind if its write hangs
    std::chrono::milliseconds close_time_;
    std::thread thread_;
};

}  // namespace stagedoor::obs
