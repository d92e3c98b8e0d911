// The body of one answer of `text/event-stream`, written as long as the connection lasts. The peer has nothing more to
// say: what it sends is not read as requests, and too much of it ends the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "common/ws/stream.hpp"

namespace stagedoor::notify {

class event_stream final : public ws::stream {
public:
    // Whom it tells of its end, once; never from within a call that the owner made.
    class owner {
    public:
        virtual void on_closed(const ws::close_summary& how) = 0;

    protected:
        ~owner() = default;
    };

    // `connection` is non-blocking, after the answer's head; `chunked`: as the head has said. `group` and `told` outlive
    // the stream's end.
    event_stream(ws::socket_group& group, http::tcp_socket connection, bool chunked, owner& told);

    // Says `last` (may be null), ends the body and then the connection, as soon as the peer does or within the time; see
    // begin_close.
    void close(std::uint16_t code, const ws::shared_frame& last, queue policy, std::chrono::milliseconds within);

private:
    void take(std::span<char> bytes) override;
    void end_when_done() override;
    void on_ended(const ws::close_summary& how) override { owner_.on_closed(how); }

    owner& owner_;
    std::size_t ignored_ = 0;  // bytes of the peer's
    const bool chunked_;
    bool body_ended_ = false;
};

using event_stream_ptr = boost::intrusive_ptr<event_stream>;

}  // namespace stagedoor::notify
