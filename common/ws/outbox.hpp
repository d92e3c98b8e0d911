// What waits to be written to one socket: a bounded queue of shared frames. Pure. Holds no memory while empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/core/limits.hpp"
#include "common/ws/shared_frame.hpp"

namespace stagedoor::ws {

class outbox {
public:
    struct bounds {
        std::size_t bytes = limits::ws_outbox_bytes;
        std::size_t frames = limits::ws_outbox_frames;
    };

    // True when so many more bytes and frames stay within the bounds.
    bool has_room(std::size_t more_bytes, std::size_t more_frames, const bounds& limits) const noexcept {
        return bytes_ + more_bytes <= limits.bytes && frames() + more_frames <= limits.frames;
    }
    // Whether there is room is the caller's to ask: what ends a connection is said in any case. `written`: how much of
    // the frame has gone out already; only for the first of an empty queue.
    void push(shared_frame frame, std::size_t written = 0);

    // Fills `out` with what to write next, in order; the number of views.
    std::size_t gather(std::span<std::string_view> out) const noexcept;
    // `bytes` of what was gathered have gone out.
    void consume(std::size_t bytes) noexcept;

    // Drops all that has not begun to go out. A frame that is half written stays: without its rest the peer could
    // read nothing after it.
    void drop_unbegun() noexcept;

    bool empty() const noexcept { return frames_.empty(); }
    bool half_written() const noexcept { return written_ > 0; }
    std::size_t bytes() const noexcept { return bytes_; }  // that have not gone out
    std::size_t frames() const noexcept { return frames_.size() - first_; }

private:
    std::vector<shared_frame> frames_;
    std::uint32_t first_ = 0;    // index of the oldest that is not out
    std::uint32_t written_ = 0;  // bytes of it that are
    std::size_t bytes_ = 0;
};

}  // namespace stagedoor::ws
