// What the connections of one shard that push share: the buffer into which all of them read, their bounds, and the sweep that ends
// those whose closing takes too long. Belongs to the shard's thread; outlives its sockets.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "common/runtime/task.hpp"
#include "common/ws/outbox.hpp"
#include "common/ws/stream.hpp"

namespace stagedoor::ws {

struct socket_bounds {
    std::size_t message_bytes = limits::ws_message_bytes;
    outbox::bounds queue{};
    // Of each socket's send buffer in the kernel: what has gone there cannot be dropped any more (N7).
    int send_buffer_bytes = 32 * 1024;
};

class socket_group {
public:
    explicit socket_group(runtime::executor shard, socket_bounds bounds = {});
    ~socket_group();
    socket_group(const socket_group&) = delete;
    socket_group& operator=(const socket_group&) = delete;

    const socket_bounds& bounds() const noexcept { return bounds_; }
    runtime::executor executor() const noexcept { return executor_; }

private:
    friend class stream;

    // For one read at a time: its views are used up before the next.
    std::span<char> read_buffer() noexcept { return {buffer_.get(), buffer_size}; }
    void watch(stream& closing_one);
    void forget(stream& closing_one) noexcept;
    void arm();
    void sweep();

    static constexpr std::size_t buffer_size = 64 * 1024;
    // How late a deadline may be noticed.
    static constexpr std::chrono::milliseconds sweep_interval{10};

    const runtime::executor executor_;
    const socket_bounds bounds_;
    const std::unique_ptr<char[]> buffer_;
    boost::intrusive::list<stream, boost::intrusive::constant_time_size<false>> closing_;
    runtime::steady_timer timer_;
    bool armed_ = false;
};

}  // namespace stagedoor::ws
