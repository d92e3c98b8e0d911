#include "common/http/listener.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "raw_client.hpp"
#include "test_server.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view get_root = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

auto soon(std::chrono::milliseconds within) { return std::chrono::steady_clock::now() + within; }

}  // namespace

TEST_CASE("an address is digits and a port") {
    CHECK(http::parse_endpoint("127.0.0.1:8080")->port() == 8080);
    CHECK(http::parse_endpoint("[::1]:8080")->address().to_string() == "::1");
    CHECK(http::parse_endpoint(":8080")->address().to_string() == "0.0.0.0");
    for (const auto* text : {"", "8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1:80x", "localhost:80",
                             "::1:80", "[127.0.0.1]:80", "127.0.0.1:-1"}) {
        INFO(text);
        CHECK_FALSE(http::parse_endpoint(text));
    }
}

TEST_CASE("requests on one connection are answered in order, together or apart") {
    test_server server;
    raw_client client{server.port()};
    client.send(
        "GET /items/1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\ntwoGET "
        "/items/");
    client.send("3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto answers = client.receive_all();
    CHECK(count(answers, "HTTP/1.1 200 OK\r\n") == 3);
    const auto one = answers.find("\r\n\r\n1HTTP/1.1 200");
    const auto two = answers.find("\r\n\r\ntwoHTTP/1.1 200");
    CHECK(one < two);
    CHECK(two < answers.size());
    CHECK(answers.ends_with("\r\n\r\n3"));
    CHECK(client.ended());
}

TEST_CASE("the answer to HEAD has no body") {
    test_server server;
    raw_client client{server.port()};
    client.send("HEAD /items/77 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto answer = client.receive_all();
    CHECK(answer.find("Content-Length: 2\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\n"));
}

TEST_CASE("a peer that asks first is told to continue") {
    test_server server;
    raw_client client{server.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
    CHECK(client.receive() == "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hi");
    CHECK(client.receive().ends_with("\r\n\r\nhi"));
}

TEST_CASE("an answer larger than the socket takes arrives whole") {
    test_server server;
    raw_client client{server.port()};
    client.send("GET /large HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const auto answer = client.receive_all();
    CHECK(answer.size() - answer.find("\r\n\r\n") - 4 == 32 * 1024 * 1024);
}

TEST_CASE("an exception in a handler is a 500 that tells nothing, and the connection goes on") {
    test_server server;
    raw_client client{server.port()};
    client.send("GET /broken HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.receive();
    CHECK(answer.starts_with("HTTP/1.1 500 "));
    CHECK(answer.find("on purpose") == std::string::npos);
    client.send(get_root);
    CHECK(client.receive().starts_with("HTTP/1.1 200 "));
}

TEST_CASE("what was answered is told to the observer") {
    test_server server;
    raw_client client{server.port()};
    client.send("GET /items/9 HTTP/1.1\r\nHost: a\r\n\r\n");
    const auto answer = client.receive();
    REQUIRE(eventually([&] { return server.observer.entries().size() == 1; }));
    const auto entry = server.observer.entries().front();
    CHECK(entry.status == 200);
    CHECK(entry.route == "/items/{id}");
    CHECK(entry.bytes_out == answer.size());
    CHECK(entry.delivered);
}

TEST_CASE("a taken port is noticed, by another process' listener and by our own") {
    test_server server;
    runtime::shards shards{1};
    test_context context;
    recording_observer observer;
    http::router<test_context> router{test_endpoints, context};
    const auto second = http::listener::open(shards, server.listener->local_endpoint(), {}, {{router, observer}});
    REQUIRE_FALSE(second);
    CHECK(second.error() == boost::system::errc::address_in_use);
}

TEST_CASE("a port is free again at once when its listener has drained") {
    std::uint16_t port = 0;
    {
        test_server server;
        port = server.port();
        raw_client client{port};
        client.send(get_root);
        client.receive();
    }
    runtime::shards shards{1};
    test_context context;
    recording_observer observer;
    http::router<test_context> router{test_endpoints, context};
    const boost::asio::ip::tcp::endpoint address{boost::asio::ip::address_v4::loopback(), port};
    CHECK(http::listener::open(shards, address, {}, {{router, observer}}));
}

TEST_CASE("every shard accepts, and all of them drain") {
    test_server server{{}, 2};
    std::vector<std::unique_ptr<raw_client>> clients;
    for (int i = 0; i < 32; ++i) {
        clients.push_back(std::make_unique<raw_client>(server.port()));
        clients.back()->send(get_root);
        CHECK(clients.back()->receive().starts_with("HTTP/1.1 200 "));
    }
    CHECK(server.listener->connections() == 32);
    server.listener->begin_drain();
    CHECK(server.listener->wait_drained(soon(5s)));
    CHECK(server.listener->connections() == 0);
}

TEST_CASE("a drain lets running requests finish, closes idle connections and takes no new ones") {
    test_server server;
    raw_client busy{server.port()};
    raw_client idle{server.port()};
    idle.send(get_root);
    idle.receive();
    busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(eventually([&] { return server.listener->connections() == 2; }));
    server.listener->begin_drain();
    CHECK(idle.receive_all().empty());
    CHECK(idle.ended());
    CHECK(server.listener->wait_drained(soon(5s)));
    const auto answer = busy.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 200 "));
    CHECK(answer.find("Connection: close\r\n") != std::string::npos);
    CHECK_THROWS(raw_client{server.port()});
}

TEST_CASE("a drain that takes too long closes what is left and says so") {
    test_server server{{.request_time = 60s}};
    raw_client half{server.port()};
    half.send("GET / HTTP/1.1\r\nHost");
    REQUIRE(eventually([&] { return server.listener->connections() == 1; }));
    server.listener->begin_drain();
    CHECK_FALSE(server.listener->wait_drained(soon(100ms)));
    CHECK(server.listener->connections() == 0);
}

TEST_CASE("a socket is handed over after the head, with what came behind the request") {
    test_server server;
    std::atomic<bool> done{false};
    server.context.taken = [&](http::tcp_socket socket, std::string unread) {
        boost::system::error_code ec;
        socket.write_some(boost::asio::buffer("got " + unread), ec);
        done = !ec;
    };
    raw_client client{server.port()};
    client.send("GET /upgrade HTTP/1.1\r\nHost: a\r\n\r\nfirst bytes");
    const auto answer = client.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
    CHECK(answer.find("\r\nConnection: Upgrade\r\n") != std::string::npos);
    CHECK(answer.ends_with("\r\n\r\ngot first bytes"));
    CHECK(done);
    CHECK(server.context.abandoned == 0);
    CHECK(eventually([&] { return server.listener->connections() == 0; }));
}
