// What the HTTP benches compare us with: Beast in a coroutine on a plain socket, without timers, on one thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cstdint>
#include <future>
#include <string>

#include "common/http/tcp.hpp"
#include "common/runtime/shards.hpp"
#include "http_load.hpp"

namespace stagedoor::bench {

class server {
public:
    virtual ~server() = default;
    virtual std::uint16_t port() const = 0;
    // Of its one thread.
    virtual cpu_time cpu() = 0;
};

inline cpu_time cpu_of(runtime::executor shard) {
    std::promise<cpu_time> told;
    boost::asio::post(shard, [&] { told.set_value(cpu_time::of_this_thread()); });
    return told.get_future().get();
}

class beast_server final : public server {
public:
    // Answers every request with `body`.
    beast_server(std::uint16_t port, std::string body)
        : body_{std::move(body)}, acceptor_{shards_.at(0), {boost::asio::ip::address_v4::loopback(), port}} {
        boost::asio::co_spawn(shards_.at(0), accept(acceptor_, shards_.at(0), body_), boost::asio::detached);
        shards_.start();
    }
    ~beast_server() override {
        shards_.stop();
        shards_.join();
    }
    std::uint16_t port() const override { return acceptor_.local_endpoint().port(); }
    cpu_time cpu() override { return cpu_of(shards_.at(0)); }

private:
    static runtime::task<void> serve(http::tcp_socket socket, const std::string& body) {
        namespace beast_http = boost::beast::http;
        boost::beast::flat_buffer buffer;
        for (;;) {
            beast_http::request_parser<beast_http::string_body> parser;
            parser.header_limit(16 * 1024);
            parser.body_limit(64 * 1024);
            auto read = co_await beast_http::async_read(socket, buffer, parser, runtime::as_result);
            if (std::get<0>(read)) co_return;
            beast_http::response<beast_http::string_body> answer{beast_http::status::ok, 11};
            answer.set(beast_http::field::date, "Mon, 23 Nov 2026 20:52:08 GMT");
            answer.set(beast_http::field::content_type, "application/json");
            answer.set(beast_http::field::cache_control, "no-store");
            answer.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
            answer.set("Cross-Origin-Resource-Policy", "same-origin");
            answer.set("X-Content-Type-Options", "nosniff");
            answer.set("Referrer-Policy", "no-referrer");
            answer.set("X-Request-Id", "0123456789abcdef");
            answer.body() = body;
            answer.prepare_payload();
            auto written = co_await beast_http::async_write(socket, answer, runtime::as_result);
            if (std::get<0>(written)) co_return;
        }
    }

    static runtime::task<void> accept(http::tcp_acceptor& acceptor, runtime::executor shard, const std::string& body) {
        for (;;) {
            http::tcp_socket socket{shard};
            auto accepted = co_await acceptor.async_accept(socket, runtime::as_result);
            if (std::get<0>(accepted)) co_return;
            socket.set_option(http::tcp::no_delay{true});
            boost::asio::co_spawn(shard, serve(std::move(socket), body), boost::asio::detached);
        }
    }

    const std::string body_;
    runtime::shards shards_{1};
    http::tcp_acceptor acceptor_;
};

}  // namespace stagedoor::bench
