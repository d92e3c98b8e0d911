// Malformed, oversized and slow requests against a real listener: the right 4xx as a problem, then a closed connection.
#include <sys/resource.h>

#include <boost/json/parse.hpp>

#include "raw_client.hpp"
#include "test_server.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using namespace std::chrono_literals;

namespace {

struct shape {
    std::string_view name;
    std::string bytes;
    unsigned status;
    std::string_view code;
};

const std::vector<shape> shapes{
    {"both lengths",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / "
     "HTTP/1.1\r\n",
     400, "bad_request"},
    {"two lengths", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 400,
     "bad_request"},
    {"folded line", "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n", 400, "bad_request"},
    {"bare LF", "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n", 400, "bad_request"},
    {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, "bad_request"},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"},
    {"two Origins", "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a\r\nOrigin: http://b\r\n\r\n", 400, "bad_request"},
    {"not HTTP", std::string{"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03\r\n\r\n", 15}, 400, "bad_request"},
    {"bad escape", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "bad_request"},
    {"unknown coding", "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501,
     "not_implemented"},
    {"long target", "GET /" + std::string(5'000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414, "uri_too_long"},
    {"large head", "GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n", 431,
     "headers_too_large"},
    {"large body", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n" + std::string(70'000, 'a'), 413,
     "payload_too_large"},
    {"large body that asks first",
     "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\nExpect: 100-continue\r\n\r\n", 413,
     "payload_too_large"},
};

// Leaves one file descriptor to this process until it is released.
class few_descriptors {
public:
    few_descriptors() {
        ::getrlimit(RLIMIT_NOFILE, &usual_);
        rlimit few = usual_;
        few.rlim_cur = 128;
        ::setrlimit(RLIMIT_NOFILE, &few);
        for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) held_.push_back(fd);
        ::close(held_.back());
        held_.pop_back();
    }
    ~few_descriptors() { release(); }
    few_descriptors(const few_descriptors&) = delete;
    few_descriptors& operator=(const few_descriptors&) = delete;

    void release() {
        for (const int fd : held_) ::close(fd);
        held_.clear();
        ::setrlimit(RLIMIT_NOFILE, &usual_);
    }

private:
    rlimit usual_{};
    std::vector<int> held_;
};

}  // namespace

TEST_CASE("a request that cannot be framed gets a problem, and the connection ends without a reset") {
    test_server server;
    for (const auto& each : shapes) {
        INFO(each.name);
        raw_client client{server.port()};
        client.send(each.bytes);
        client.finish_sending();
        const auto answer = client.receive_all();
        INFO(answer);
        CHECK(client.ended());
        CHECK_FALSE(client.was_reset());
        REQUIRE(answer.starts_with("HTTP/1.1 " + std::to_string(each.status) + " "));
        CHECK(answer.find("\r\nConnection: close\r\n") != std::string::npos);
        CHECK(answer.find("\r\nContent-Type: application/problem+json\r\n") != std::string::npos);
        const auto body = boost::json::parse(answer.substr(answer.find("\r\n\r\n") + 4)).as_object();
        CHECK(body.at("code").as_string() == each.code);
        CHECK(body.at("status") == each.status);
    }
    CHECK(server.observer.entries().size() == shapes.size());
}

TEST_CASE("TRACE and methods that nobody knows are not allowed, and the connection goes on") {
    test_server server;
    raw_client client{server.port()};
    for (const std::string verb : {"TRACE", "BREW", "PUT"}) {
        client.send(verb + " / HTTP/1.1\r\nHost: a\r\n\r\n");
        const auto answer = client.receive();
        INFO(verb);
        CHECK(answer.starts_with("HTTP/1.1 405 "));
        CHECK(answer.find("\r\nAllow: GET, HEAD\r\n") != std::string::npos);
    }
    client.send("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.receive().starts_with("HTTP/1.1 404 "));
}

TEST_CASE("a request that arrives too slowly is answered 408") {
    test_server server{{.request_time = 100ms, .sweep = 10ms}};
    raw_client client{server.port()};
    client.send("GET / HTTP/1.1\r\nHost: a\r\n");
    const auto answer = client.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 408 "));
    CHECK(client.ended());
}

TEST_CASE("a body that arrives too slowly is answered 408, a byte now and then does not help") {
    test_server server{{.request_time = 200ms, .sweep = 10ms}};
    raw_client client{server.port()};
    client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
    std::string answer;
    for (int i = 0; i < 200 && answer.empty(); ++i) {
        client.send("x");
        answer = client.receive(1, 20ms);
    }
    CHECK(answer.starts_with("HTTP/1.1 408 "));
}

TEST_CASE("a connection on which nothing comes is closed without a word") {
    test_server server{{.request_time = 100ms, .idle_time = 150ms, .sweep = 10ms}};
    raw_client silent{server.port()};
    CHECK(silent.receive_all().empty());
    CHECK(silent.ended());

    raw_client client{server.port()};
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(client.receive_all().starts_with("HTTP/1.1 200 "));
    CHECK(client.ended());
}

TEST_CASE("a peer that does not read its answer is cut off") {
    test_server server{{.write_time = 100ms, .sweep = 10ms}};
    raw_client client{server.port(), 4'096};
    client.send("GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
    REQUIRE(eventually([&] { return server.observer.entries().size() == 1; }));
    CHECK_FALSE(server.observer.entries().front().delivered);
    CHECK(eventually([&] { return server.listener->connections() == 0; }));
}

TEST_CASE("connections beyond the bound are answered 503, and one that ends makes room") {
    test_server server{{.max_connections = 2}};
    auto one = std::make_unique<raw_client>(server.port());
    raw_client two{server.port()};
    for (auto* each : {one.get(), &two}) {
        each->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        CHECK(each->receive().starts_with("HTTP/1.1 200 "));
    }
    raw_client three{server.port()};
    const auto answer = three.receive_all();
    CHECK(answer.starts_with("HTTP/1.1 503 "));
    CHECK(answer.find("\r\nRetry-After: ") != std::string::npos);
    CHECK(three.ended());
    CHECK(server.observer.refused == 1);
    one.reset();
    CHECK(eventually([&] {
        raw_client next{server.port()};
        next.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        return next.receive().starts_with("HTTP/1.1 200 ");
    }));
}

TEST_CASE("no client network has all connections, and a trusted proxy, who speaks for many, may") {
    const auto serves = [](raw_client& client) {
        client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        return client.receive().starts_with("HTTP/1.1 200 ");
    };
    http::listener_settings settings{.max_connections = 4, .max_per_network = 2};
    SECTION("of one network only so many are served, and one of another network finds room") {
        test_server server{settings};
        auto one = std::make_unique<raw_client>(server.port());
        raw_client two{server.port()};
        CHECK((serves(*one) && serves(two)));
        CHECK(raw_client{server.port()}.receive_all().starts_with("HTTP/1.1 503 "));
        raw_client elsewhere{server.port(), "127.0.0.2"};
        CHECK(serves(elsewhere));
        one.reset();
        CHECK(eventually([&] {
            raw_client next{server.port()};
            return serves(next);
        }));
    }
    SECTION("a trusted proxy") {
        settings.proxies = http::trusted_proxies{{*http::network::parse("127.0.0.1")}};
        test_server server{settings};
        std::vector<std::unique_ptr<raw_client>> all;
        for (int i = 0; i < 4; ++i) CHECK(serves(*all.emplace_back(std::make_unique<raw_client>(server.port()))));
        CHECK(raw_client{server.port()}.receive_all().starts_with("HTTP/1.1 503 "));
    }
}

TEST_CASE("running out of file descriptors keeps connections waiting, not the listener from going on") {
    test_server server;
    raw_client before{server.port()};
    before.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(before.receive().starts_with("HTTP/1.1 200 "));

    few_descriptors scarce;
    // The last descriptor is the client's: none is left for the server to accept it with.
    raw_client waiting{server.port()};
    waiting.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(waiting.receive(1, 50ms).empty());
    before.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(before.receive().starts_with("HTTP/1.1 200 "));
    scarce.release();
    CHECK(waiting.receive().starts_with("HTTP/1.1 200 "));
}
