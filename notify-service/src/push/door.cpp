#include "notify-service/src/push/door.hpp"

#include <chrono>
#include <utility>

#include "common/core/event.hpp"
#include "common/core/secrets.hpp"
#include "common/obs/log.hpp"
#include "common/runtime/client_network.hpp"

namespace stagedoor::notify {
namespace {

class takeover final : public http::takeover {
public:
    takeover(handshake_metrics& counts, std::shared_ptr<push_socket> socket, socket_quota::place place)
        : counts_{counts}, socket_{std::move(socket)}, place_{std::move(place)} {}
    ~takeover() override {
        if (socket_) counts_.abandoned.add();
    }

    void take(http::tcp_socket connection, std::string unread) override {
        counts_.opened.add();
        const auto socket = std::move(socket_);
        socket->open(std::move(connection), std::move(unread), std::move(place_));
    }

private:
    handshake_metrics& counts_;
    std::shared_ptr<push_socket> socket_;
    socket_quota::place place_;
};

admittance refuse(errc why) {
    admittance refused;
    // Of a network that has enough, the node itself has not.
    refused.refused = refusal{why == errc::rate_limited ? close_code::too_many_sockets : close_code::try_again_later, why};
    return refused;
}

void log_refusal(const refusal& why, const http::request& incoming) {
    obs::log::info("socket_refused", {{"code", static_cast<std::uint16_t>(why.code)},
                                      {"why", problem_of(why.why).code},
                                      {"request_id", incoming.request_id()}});
}

void log_acceptance(const session::session_ref& who, const http::request& incoming) {
    obs::log::info("socket_accepted", {{"user", who.user.text()},
                                       {"session", session_hash(who.session)},
                                       {"request_id", incoming.request_id()}});
}

// Leaves in `into` the first whose session lives, or why there is none.
runtime::task<void> join_first(push_context& node, credentials presented, std::string cursor, encoding how,
                               socket_maker make, admittance& into) {
    into.refused = presented.refused;
    bool judged = false;
    for (const auto& each : presented) {
        const auto who = each.who();
        auto socket = make(node, how, who, feed{parse_cursor(cursor, who.user)});
        const auto refused = co_await socket->join(each, cursor);
        if (!refused) {
            into.socket = std::move(socket);
            into.refused.reset();
            co_return;
        }
        const bool here_and_now = refused->code == close_code::try_again_later;
        into.refused = judged && !here_and_now ? more_hopeful(*into.refused, *refused) : *refused;
        judged = true;
        if (here_and_now) co_return;
    }
}

}  // namespace

runtime::task<admittance> admit(push_context& node, const http::request& incoming, std::string cursor, encoding how,
                                socket_maker make) {
    if (node.draining) co_return refuse(errc::shutting_down);
    if (!node.redis_is_there()) co_return refuse(errc::redis_unavailable);
    auto place = node.quota.take(runtime::network_of(incoming.client_address()));
    if (!place) co_return refuse(to_errc(place.error()));

    admittance found;
    found.place.emplace(*std::move(place));
    const auto presented =
        find_credentials(incoming.header("Cookie"), node.settings.cookie_name, node.settings.key_ring());
    co_await join_first(node, presented, std::move(cursor), how, make, found);
    if (found.socket && !found.place->claim_for(found.socket->who().user)) {
        found.socket.reset();
        found.refused = refusal{close_code::too_many_sockets, errc::rate_limited};
    }
    if (found.refused) {
        if (!found.unavailable()) log_refusal(*found.refused, incoming);
    } else {
        log_acceptance(found.socket->who(), incoming);
    }
    co_return found;
}

std::unique_ptr<http::takeover> hand_over(handshake_metrics& counts, admittance admitted) {
    return std::make_unique<takeover>(counts, std::move(admitted.socket), *std::move(admitted.place));
}

http::response problem_of_refusal(push_context& node, const refusal& why) {
    if (rule_of(why.code).advice == reconnect::never) return http::response::problem(why.why);
    const auto delay = std::chrono::ceil<std::chrono::seconds>(draw_delay(node, why.code));
    return http::response::problem(why.why, {}, {}, delay);
}

std::string cursor_in_query(const http::request& incoming) {
    const auto query = incoming.query();
    if (!query) return {};
    return std::string{query->find("cursor").value_or("")};
}

}  // namespace stagedoor::notify
