#include "notify-service/src/ws/handshake.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/ws/handshake.hpp"
#include "notify-service/src/push/door.hpp"
#include "notify-service/src/ws/farewell.hpp"
#include "notify-service/src/ws/web_socket.hpp"

namespace stagedoor::notify {
namespace {

class takeover final : public http::takeover {
public:
    takeover(push_context& node, std::shared_ptr<web_socket> socket, socket_quota::place place)
        : node_{node}, socket_{std::move(socket)}, place_{std::move(place)} {}
    ~takeover() override {
        if (socket_) node_.counts.web_sockets.handshakes.abandoned.add();
    }

    void take(http::tcp_socket connection, std::string unread) override {
        node_.counts.web_sockets.handshakes.opened.add();
        const auto socket = std::move(socket_);
        socket->open(std::move(connection), std::move(unread), std::move(place_));
    }

private:
    push_context& node_;
    std::shared_ptr<web_socket> socket_;
    socket_quota::place place_;
};

std::shared_ptr<push_socket> make_web_socket(push_context& node, encoding, const session::session_ref& who,
                                             feed position) {
    return std::make_shared<web_socket>(node, who, position);
}

}  // namespace

runtime::task<http::response> open_web_socket(push_context& node, const http::request& incoming) {
    const auto agreed = ws::read_handshake(incoming);
    if (!agreed) {
        node.counts.web_sockets.handshakes.malformed.add();
        co_return ws::refuse_handshake(to_errc(agreed.error()));
    }
    if (!node.settings.origins.contains(incoming.header("Origin"))) {
        node.counts.web_sockets.handshakes.foreign.add();
        co_return http::response::problem(errc::cross_origin);
    }
    auto found = co_await admit(node, incoming, cursor_in_query(incoming), encoding::websocket, &make_web_socket);
    auto& counts = node.counts.web_sockets.handshakes;
    if (found.refused) (found.unavailable() ? counts.unavailable : counts.refused).add();
    if (found.unavailable() || !found.place) co_return problem_of_refusal(node, *found.refused);
    if (found.refused) {
        co_return ws::accept_handshake(*agreed, make_farewell_socket(node, *found.refused, *std::move(found.place)));
    }
    auto socket = std::static_pointer_cast<web_socket>(std::move(found.socket));
    co_return ws::accept_handshake(*agreed,
                                   std::make_unique<takeover>(node, std::move(socket), *std::move(found.place)));
}

}  // namespace stagedoor::notify
