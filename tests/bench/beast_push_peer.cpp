// A peer of push.mjs: Beast's websocket::stream as lean as it gets (plain socket, no deflate, no timers, one executor
// type), one coroutine per socket, over our own subscriber. Without sessions, cursors, heartbeats, receipts or limits:
// `GET /?user=ID` listens to the channel `peer:ID`, and hears "ready" once Redis has confirmed that.
//
//     beast_push_peer PORT REDIS_URL
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <cstdio>
#include <deque>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "common/http/tcp.hpp"
#include "common/redis/subscriber.hpp"
#include "common/runtime/descriptors.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/task_group.hpp"

using namespace stagedoor;

namespace {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using message = std::shared_ptr<const std::string>;

class peer_socket : public std::enable_shared_from_this<peer_socket> {
public:
    explicit peer_socket(http::tcp_socket connection) : stream{std::move(connection)} {}

    void send(message text) {
        waiting_.push_back(std::move(text));
        if (waiting_.size() == 1) write();
    }

    websocket::stream<http::tcp_socket, false> stream;

private:
    void write() {
        stream.async_write(asio::buffer(*waiting_.front()),
                           [self = shared_from_this()](boost::system::error_code ec, std::size_t) {
                               self->waiting_.pop_front();
                               if (!ec && !self->waiting_.empty()) self->write();
                           });
    }

    std::deque<message> waiting_;
};
using socket_ptr = std::shared_ptr<peer_socket>;

struct room {
    std::unordered_map<std::string, std::unordered_set<socket_ptr>> listeners;
    redis::subscriber* subscriptions = nullptr;

    void deliver(std::string_view channel, std::string_view payload) {
        const auto found = listeners.find(std::string{channel});
        if (found == listeners.end()) return;
        const auto text = std::make_shared<const std::string>(payload);
        for (const auto& each : found->second) each->send(text);
    }
};

// All sockets read into one buffer: nothing that they say is kept.
runtime::task<void> serve(http::tcp_socket connection, room& all, boost::beast::flat_buffer& shared) {
    boost::beast::flat_buffer head;
    boost::beast::http::request<boost::beast::http::empty_body> request;
    auto read = co_await boost::beast::http::async_read(connection, head, request, runtime::as_result);
    if (std::get<0>(read)) co_return;
    const std::string target{request.target()};
    const auto channel = "peer:" + target.substr(target.find('=') + 1);
    const auto socket = std::make_shared<peer_socket>(std::move(connection));
    auto accepted = co_await socket->stream.async_accept(request, runtime::as_result);
    if (std::get<0>(accepted)) co_return;
    all.listeners[channel].insert(socket);
    const auto acquired = co_await all.subscriptions->acquire(channel);
    if (acquired) socket->send(std::make_shared<const std::string>("ready"));
    for (;;) {
        auto heard = co_await socket->stream.async_read(shared, runtime::as_result);
        shared.clear();
        if (std::get<0>(heard)) break;
    }
    const auto listeners = all.listeners.find(channel);
    listeners->second.erase(socket);
    if (listeners->second.empty()) all.listeners.erase(listeners);
    if (acquired) all.subscriptions->release(channel);
}

runtime::task<void> accept(http::tcp_acceptor& acceptor, runtime::executor shard, room& all,
                           boost::beast::flat_buffer& shared) {
    for (;;) {
        auto accepted = co_await acceptor.async_accept(runtime::as_result);
        if (std::get<0>(accepted)) co_return;
        auto& connection = std::get<1>(accepted);
        connection.set_option(asio::ip::tcp::no_delay{true});
        asio::co_spawn(shard, serve(std::move(connection), all, shared), asio::detached);
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: beast_push_peer PORT REDIS_URL\n");
        return 2;
    }
    const auto parsed = redis::parse_url(argv[2]);
    if (!parsed) {
        std::fprintf(stderr, "%s\n", parsed.error().c_str());
        return 2;
    }
    const auto& where = *parsed;
    runtime::raise_descriptor_limit();
    runtime::shards shards{1};
    const auto shard = shards.at(0);
    runtime::task_group tasks{shard};
    redis::link data{shard, where, "peer"};
    room all;
    boost::beast::flat_buffer shared;
    redis::subscriber subscriptions{
        shard,
        where,
        data,
        "peer-probe",
        {.on_message = [&](std::string_view channel, std::string_view payload) { all.deliver(channel, payload); },
         .on_lost = [] {},
         .on_restored = [] {}}};
    all.subscriptions = &subscriptions;
    http::tcp_acceptor acceptor{shard,
                                {asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::atoi(argv[1]))}};
    asio::co_spawn(shard, accept(acceptor, shard, all, shared), asio::detached);
    asio::post(shard, [&] {
        data.start(tasks);
        subscriptions.start(tasks);
    });
    shards.start();
    while (std::getchar() != EOF) {
    }
    std::_Exit(0);  // there is nothing to tidy up for
}
