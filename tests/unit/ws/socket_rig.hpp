// A shard with one WebSocket on it, connected to a raw client; for tests. What the owner hears is recorded; what a test
// does to the socket happens on the shard.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>

#include "common/runtime/shards.hpp"
#include "common/ws/socket.hpp"
#include "common/ws/socket_group.hpp"
#include "tests/unit/http/raw_client.hpp"

namespace stagedoor::tests {

class socket_rig final : public ws::socket_owner {
public:
    explicit socket_rig(ws::socket_bounds bounds = {}, std::string unread = {}, int client_buffer = 0) : shards_{1} {
        namespace asio = boost::asio;
        const auto shard = shards_.at(0);
        http::tcp_acceptor acceptor{shard, {asio::ip::address_v4::loopback(), 0}};
        client_.emplace(acceptor.local_endpoint().port(), client_buffer);
        auto tcp = acceptor.accept();
        tcp.non_blocking(true);
        group_.emplace(shard, bounds);
        socket_.reset(new ws::socket{*group_, std::move(tcp), *this});
        shards_.start();
        on_shard([this, unread = std::move(unread)] { socket_->start(unread); });
    }
    ~socket_rig() {
        on_shard([this] { socket_->abort(); });
        wait_closed();
        on_shard([this] { socket_.reset(); });
        shards_.stop();
        shards_.join();
    }

    // Runs `work` on the shard and gives back what it returns.
    template <class Work>
    std::invoke_result_t<Work> on_shard(Work work) {
        std::packaged_task<std::invoke_result_t<Work>()> task{std::move(work)};
        auto done = task.get_future();
        boost::asio::post(shards_.at(0), [&task] { task(); });
        return done.get();
    }

    raw_client& client() { return *client_; }
    ws::socket& socket() { return *socket_; }  // for use on the shard
    ws::sent send(const ws::shared_frame& frame) {
        return on_shard([&] { return socket_->send(frame); });
    }

    // Waits until the owner was told of the end; nothing if that takes more than five seconds.
    std::optional<ws::close_summary> wait_closed() {
        const auto deadline = std::chrono::steady_clock::now() + raw_client::patience;
        while (std::chrono::steady_clock::now() < deadline) {
            const auto told = on_shard([this] { return closed_; });
            if (told) return told;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return std::nullopt;
    }
    template <class Condition>
    bool eventually(Condition condition) {
        const auto deadline = std::chrono::steady_clock::now() + raw_client::patience;
        while (!on_shard([&] { return condition(); })) {
            if (std::chrono::steady_clock::now() > deadline) return false;
            std::this_thread::sleep_for(std::chrono::milliseconds{1});
        }
        return true;
    }

    // Told of by the socket; read them on the shard.
    std::vector<std::string> messages;
    int pongs = 0, pings = 0, drained = 0, closed_calls = 0;
    std::function<void(std::string_view)> when_message;

private:
    void on_message(ws::socket&, bool is_text, std::string_view payload) override {
        messages.push_back((is_text ? "text:" : "binary:") + std::string{payload});
        if (when_message) when_message(payload);
    }
    void on_pong(ws::socket&) override { ++pongs; }
    void on_ping(ws::socket&) override { ++pings; }
    void on_drained(ws::socket&) override { ++drained; }
    void on_closed(ws::socket&, const ws::close_summary& how) override {
        ++closed_calls;
        closed_ = how;
    }

    runtime::shards shards_;
    std::optional<ws::socket_group> group_;
    ws::socket_ptr socket_;
    std::optional<raw_client> client_;
    std::optional<ws::close_summary> closed_;
};

}  // namespace stagedoor::tests
