#include "notify-service/src/ws/handshake.hpp"

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "common/core/event.hpp"
#include "common/core/secrets.hpp"
#include "common/obs/log.hpp"
#include "common/ws/handshake.hpp"
#include "notify-service/src/session/session_check.hpp"
#include "notify-service/src/ws/farewell.hpp"
#include "notify-service/src/ws/push_socket.hpp"

namespace stagedoor::notify {
namespace {

using joined = verdict<std::shared_ptr<push_socket>>;

class takeover final : public http::takeover {
public:
    takeover(push_context& node, std::shared_ptr<push_socket> socket, socket_quota::place place)
        : node_{node}, socket_{std::move(socket)}, place_{std::move(place)} {}
    ~takeover() override {
        if (socket_) node_.counts.handshakes.abandoned.add();
    }

    void take(http::tcp_socket connection, std::string unread) override {
        node_.counts.handshakes.opened.add();
        const auto socket = std::move(socket_);
        socket->open(std::move(connection), std::move(unread), std::move(place_));
    }

private:
    push_context& node_;
    std::shared_ptr<push_socket> socket_;
    socket_quota::place place_;
};

// A cursor that cannot be read, or is another user's, is none: `welcome` says that nothing was resumed (N3).
feed position_from(const std::string& cursor, const user_id& user) { return feed{parse_cursor(cursor, user)}; }

std::string cursor_of(const http::request& incoming) {
    const auto query = incoming.query();
    if (!query) return {};
    return std::string{query->find("cursor").value_or("")};
}

http::response refuse(push_context& node, errc why) {
    node.counts.handshakes.unavailable.add();
    return http::response::problem(why);
}

// The first credential whose session lives. A dead one does not hide it (K11).
runtime::task<joined> join_first(push_context& node, credentials presented, std::string cursor) {
    std::optional<refusal> best;
    for (const auto& each : presented) {
        const auto who = each.who();
        const auto socket = std::make_shared<push_socket>(node, who, position_from(cursor, who.user));
        const auto refused = co_await socket->join(each);
        if (!refused) co_return socket;
        if (refused->code == close_code::try_again_later) co_return *refused;
        best = best ? more_hopeful(*best, *refused) : *refused;
    }
    co_return best.value_or(presented.refused);
}

}  // namespace

runtime::task<http::response> open_push_socket(push_context& node, const http::request& incoming) {
    const auto agreed = ws::read_handshake(incoming);
    if (!agreed) {
        node.counts.handshakes.malformed.add();
        co_return ws::refuse_handshake(to_errc(agreed.error()));
    }
    if (!node.settings.origins.contains(incoming.header("Origin"))) {
        node.counts.handshakes.foreign.add();
        co_return http::response::problem(errc::cross_origin);
    }
    if (node.draining) co_return refuse(node, errc::shutting_down);
    if (!node.redis_is_there()) co_return refuse(node, errc::redis_unavailable);
    auto place = node.quota.take();
    if (!place) co_return refuse(node, errc::overloaded);

    const auto presented =
        find_credentials(incoming.header("Cookie"), node.settings.cookie_name, node.settings.key_ring());
    const auto found = co_await join_first(node, presented, cursor_of(incoming));
    std::optional<refusal> refused;
    if (!found) {
        refused = found.error();
        if (refused->code == close_code::try_again_later) co_return refuse(node, refused->why);
    } else if (!place->claim_for((*found)->who().user)) {
        refused = refusal{close_code::too_many_sockets, errc::rate_limited};
    }
    if (refused) {
        node.counts.handshakes.refused.add();
        obs::log::info("socket_refused", {{"code", static_cast<std::uint16_t>(refused->code)},
                                          {"why", problem_of(refused->why).code},
                                          {"request_id", incoming.request_id()}});
        co_return ws::accept_handshake(*agreed, make_farewell_socket(node, *refused, *std::move(place)));
    }
    obs::log::info("socket_accepted", {{"user", (*found)->who().user.text()},
                                       {"session", session_hash((*found)->who().session)},
                                       {"request_id", incoming.request_id()}});
    co_return ws::accept_handshake(*agreed, std::make_unique<takeover>(node, *found, *std::move(place)));
}

}  // namespace stagedoor::notify
