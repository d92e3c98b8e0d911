// One browser's event stream: a push_socket whose frames are blocks of text/event-stream, and which hears nothing.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "common/http/tcp.hpp"
#include "notify-service/src/push/push_socket.hpp"
#include "notify-service/src/sse/event_stream.hpp"

namespace stagedoor::notify {

class stream_socket final : public push_socket, private event_stream::owner {
public:
    // `how`: event_stream or chunked_event_stream.
    stream_socket(push_context& shard, encoding how, const session::session_ref& who, feed position)
        : push_socket{shard, how, who, position}, encoding_{how} {}

    void open(http::tcp_socket connection, std::string unread, socket_quota::place place) override;
    bool write(outgoing_event& event) override;
    void abort() override;

private:
    ws::sent put(std::span<const frame> frames) override { return stream_->send(frames); }
    bool ask_for_life() override { return false; }
    bool has_unread() const override { return false; }
    void put_last(close_code code, const frame& last, ws::stream::queue policy,
                  std::chrono::milliseconds within) override;

    // event_stream::owner
    void on_closed(const ws::close_summary& how) override { closed(how); }

    event_stream_ptr stream_;
    const encoding encoding_;
};

}  // namespace stagedoor::notify
