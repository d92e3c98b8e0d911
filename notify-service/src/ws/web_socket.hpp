// One browser's WebSocket: a push_socket whose frames are text messages, and which hears what the client says.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/http/tcp.hpp"
#include "common/ws/socket.hpp"
#include "notify-service/src/hub/message_rate.hpp"
#include "notify-service/src/push/push_socket.hpp"

namespace stagedoor::notify {

class web_socket final : public push_socket, private ws::socket_owner {
public:
    web_socket(push_context& shard, const session::session_ref& who, feed position)
        : push_socket{shard, encoding::websocket, who, position} {}

    void open(http::tcp_socket connection, std::string unread, socket_quota::place place) override;
    bool write(outgoing_event& event) override;
    void abort() override;

private:
    ws::sent put(std::span<const frame> frames) override { return socket_->send(frames); }
    bool ask_for_life() override;
    bool has_unread() const override { return socket_->has_unread(); }
    void put_last(close_code code, const frame& last, ws::socket::queue policy,
                  std::chrono::milliseconds within) override;
    void refuse_message(std::uint16_t code, std::string_view reason);

    // ws::socket_owner
    void on_message(ws::socket& from, bool is_text, std::string_view payload) override;
    void on_pong(ws::socket&) override { on_life(); }
    void on_ping(ws::socket& from) override;
    void on_closed(ws::socket&, const ws::close_summary& how) override { closed(how); }

    ws::socket_ptr socket_;
    message_rate messages_;
};

}  // namespace stagedoor::notify
