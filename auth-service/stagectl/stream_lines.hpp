// An event stream (text/event-stream) as it comes in, piece by piece: what of it concerns a doorbell. Pure.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::ctl {

// What the server says to do after it has ended the stream: close-codes.md.
enum class reconnect_advice { none, now, after };

class stream_lines {
public:
    // False: a line without an end, which is no stream of ours.
    bool take(std::string_view bytes);
    // For the next stream.
    void reset() { *this = {}; }

    // A frame has come since the last call.
    bool take_news() noexcept;
    // The server has said welcome on this stream.
    bool is_welcomed() const noexcept { return welcomed_; }
    reconnect_advice advice() const noexcept { return advice_; }
    // With `after`: how long.
    std::chrono::milliseconds after() const noexcept { return after_; }
    // Longest silence there may be: a heartbeat and a half. Nothing before the welcome.
    std::optional<std::chrono::milliseconds> silence_max() const noexcept { return silence_max_; }

private:
    void take_line(std::string_view line);

    std::string begun_;  // a line without its end
    bool news_ = false;
    bool welcomed_ = false;
    reconnect_advice advice_ = reconnect_advice::none;
    std::chrono::milliseconds after_{};
    std::optional<std::chrono::milliseconds> silence_max_;
};

}  // namespace stagedoor::ctl
