#include "notify-service/src/ws/farewell.hpp"

#include <string>
#include <string_view>
#include <utility>

#include "common/ws/socket.hpp"

namespace stagedoor::notify {
namespace {

class farewell_socket final : private ws::socket_owner {
public:
    farewell_socket(push_context& node, refusal why, socket_quota::place place)
        : node_{node}, why_{why}, place_{std::move(place)} {}

    // `self` owns this until the connection has ended.
    void speak(std::unique_ptr<farewell_socket> self, http::tcp_socket connection, std::string unread) {
        self_ = std::move(self);
        socket_ = new ws::socket{node_.group, std::move(connection), *this};
        ++node_.farewells;
        node_.counts.web_sockets.closed(why_.code).add();
        socket_->start(std::move(unread));
        socket_->close(static_cast<std::uint16_t>(why_.code), rule_of(why_.code).reason,
                       make_farewell(node_, encoding::websocket, why_.code, why_.why), ws::socket::queue::flush);
    }

private:
    void on_message(ws::socket&, bool, std::string_view) override {}
    void on_pong(ws::socket&) override {}
    void on_closed(ws::socket&, const ws::close_summary&) override {
        --node_.farewells;
        const auto self = std::move(self_);
    }

    push_context& node_;
    const refusal why_;
    const socket_quota::place place_;
    ws::socket_ptr socket_;
    std::unique_ptr<farewell_socket> self_;
};

class takeover final : public http::takeover {
public:
    explicit takeover(std::unique_ptr<farewell_socket> made) : made_{std::move(made)} {}

    void take(http::tcp_socket connection, std::string unread) override {
        auto& farewell = *made_;
        farewell.speak(std::move(made_), std::move(connection), std::move(unread));
    }

private:
    std::unique_ptr<farewell_socket> made_;
};

}  // namespace

std::unique_ptr<http::takeover> make_farewell_socket(push_context& node, refusal why, socket_quota::place place) {
    return std::make_unique<takeover>(std::make_unique<farewell_socket>(node, why, std::move(place)));
}

}  // namespace stagedoor::notify
