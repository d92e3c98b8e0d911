#include "notify-service/src/ws/web_socket.hpp"

#include <utility>

#include "notify-service/src/ws/client_message.hpp"

namespace stagedoor::notify {

using std::chrono::steady_clock;

void web_socket::open(http::tcp_socket connection, std::string unread, socket_quota::place place) {
    socket_ = new ws::socket{node().group, std::move(connection), *this};
    socket_->start(std::move(unread));
    opened(std::move(place));
}

bool web_socket::write(outgoing_event& event) {
    return is_open() && on_put(socket_->send(event.as(encoding::websocket)));
}

void web_socket::abort() {
    if (socket_) socket_->abort();
}

bool web_socket::ask_for_life() {
    socket_->ping();
    return true;
}

void web_socket::put_last(close_code code, const frame& last, ws::socket::queue policy,
                          std::chrono::milliseconds within) {
    socket_->close(static_cast<std::uint16_t>(code), rule_of(code).reason, last, policy, within);
}

void web_socket::on_message(ws::socket&, bool is_text, std::string_view payload) {
    if (!is_open()) return;
    auto& counts = node().counts;
    counts.client_messages.add();
    if (!messages_.admit(steady_clock::now())) {
        return refuse_message(ws::closing::policy_violation, "Too many messages.");
    }
    if (!is_text) return refuse_message(ws::closing::unsupported_data, "Only text messages are understood.");
    const auto acknowledged = read_acknowledgement(payload, who().user, position().sent());
    if (acknowledged) on_acknowledged(*acknowledged);
}

void web_socket::on_ping(ws::socket&) {
    if (!is_open() || messages_.admit(steady_clock::now())) return;
    refuse_message(ws::closing::policy_violation, "Too many pings.");
}

void web_socket::refuse_message(std::uint16_t code, std::string_view reason) {
    on_closing();
    node().counts.web_sockets.closed_by_protocol.add();
    socket_->close(code, reason, frame{}, ws::socket::queue::flush);
}

}  // namespace stagedoor::notify
