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
    co_return ws::accept_handshake(*agreed, hand_over(counts, std::move(found)));
}

}  // namespace stagedoor::notify
