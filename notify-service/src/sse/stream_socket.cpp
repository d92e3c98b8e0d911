#include "notify-service/src/sse/stream_socket.hpp"

#include <utility>

namespace stagedoor::notify {

void stream_socket::open(http::tcp_socket connection, std::string unread, socket_quota::place place) {
    const bool chunked = encoding_ == encoding::chunked_event_stream;
    stream_ = new event_stream{node().group, std::move(connection), chunked, *this};
    stream_->start(std::move(unread));
    const auto retry = make_retry(draw_delay_after_loss(node()));
    stream_->send(ws::make_bytes(chunked ? make_chunk(retry) : retry));
    opened(std::move(place));
}

bool stream_socket::write(outgoing_event& event) {
    return is_open() && on_put(stream_->send(event.as(encoding_)));
}

void stream_socket::abort() {
    if (stream_) stream_->abort();
}

void stream_socket::put_last(close_code code, const frame& last, ws::stream::queue policy,
                             std::chrono::milliseconds within) {
    stream_->close(static_cast<std::uint16_t>(code), last, policy, within);
}

}  // namespace stagedoor::notify
