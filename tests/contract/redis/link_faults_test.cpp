#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <catch2/catch.hpp>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "common/core/limits.hpp"
#include "common/redis/link.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;
namespace asio = runtime::asio;
using asio::ip::tcp;

namespace {

// Something that listens and says `greeting` to everyone, whatever they say.
class odd_server {
public:
    odd_server(runtime::executor ex, std::string greeting)
        : acceptor_{ex, {asio::ip::address_v4::loopback(), 0}}, greeting_{std::move(greeting)} {
        accept();
    }
    url where() const {
        url out;
        out.host = "127.0.0.1";
        out.port = acceptor_.local_endpoint().port();
        return out;
    }
    std::size_t accepted() const { return sockets_.size(); }

private:
    using acceptor = asio::basic_socket_acceptor<tcp, runtime::executor>;

    void accept() {
        acceptor_.async_accept([this](boost::system::error_code failed, auto socket) {
            if (failed) return;
            sockets_.push_back(std::move(socket));
            boost::system::error_code ignored;  // the peer may be gone
            asio::write(sockets_.back(), asio::buffer(greeting_), ignored);
            accept();
        });
    }

    acceptor acceptor_;
    std::string greeting_;
    std::vector<asio::basic_stream_socket<tcp, runtime::executor>> sockets_;
};

struct observed {
    int ups = 0;
    int downs = 0;

    explicit observed(redis::link& redis) {
        redis.on_up([this] { ++ups; });
        redis.on_down([this] { ++downs; });
    }
};

std::string info(std::string_view fields) {
    return "$" + std::to_string(fields.size()) + "\r\n" + std::string{fields} + "\r\n";
}

}  // namespace

TEST_CASE("a Redis that is killed fails what is under way, refuses at once while away, and is found again") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    observed seen{*redis};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    CHECK(seen.ups == 1);

    for (int round = 1; round <= 3; ++round) {
        std::vector<errc> told;
        for (int i = 0; i < 10; ++i) {
            redis->send([&](result<value> reply) { told.push_back(reply ? errc{} : to_errc(reply.error())); }, "BLPOP",
                        "never", 0);
        }
        server.kill();
        REQUIRE(shard.reaches([&] { return told.size() == 10; }));
        CHECK(told == std::vector<errc>(10, errc::redis_unavailable));
        CHECK_FALSE(redis->connected());
        CHECK(seen.downs == round);
        CHECK(shard.await(redis->request("PING")).error() == errc::redis_unavailable);

        server.start();
        REQUIRE(shard.reaches([&] { return redis->connected(); }));
        CHECK(seen.ups == round + 1);
        CHECK(shard.await(redis->request("PING")).has_value());
    }
}

TEST_CASE("a Redis that stalls is given up after the reply time, and found again") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.tcp_url()};
    observed seen{*redis};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));

    server.freeze();
    std::vector<errc> told;
    redis->send([&](result<value> reply) { told.push_back(reply ? errc{} : to_errc(reply.error())); }, "PING");
    REQUIRE(shard.reaches([&] { return told.size() == 1; }));
    CHECK(told[0] == errc::redis_unavailable);
    CHECK(seen.downs == 1);
    server.thaw();
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
}

TEST_CASE("a stall is noticed by the probe even when nobody asks for anything") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    server.freeze();
    CHECK(shard.reaches([&] { return !redis->connected(); }));
    server.thaw();
    CHECK(shard.reaches([&] { return redis->connected(); }));
}

TEST_CASE("a shard that was held up itself does not blame Redis") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    observed seen{*redis};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));

    int answered = 0;
    redis->send([&](result<value> reply) { answered += reply ? 1 : 0; }, "PING");
    // The request is on its way; then this thread does nothing for longer than the reply time.
    asio::post(shard.executor(), [] { std::this_thread::sleep_for(limits::redis_reply_time * 2); });
    REQUIRE(shard.reaches([&] { return answered == 1; }));
    CHECK(seen.downs == 0);
    CHECK(redis->connected());
}

TEST_CASE("more requests than the bound are refused as overload while Redis stalls") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    server.freeze();
    std::size_t overloaded = 0;
    std::size_t unavailable = 0;
    for (std::size_t i = 0; i < limits::redis_pending_requests + 100; ++i) {
        redis->send(
            [&](result<value> reply) { ++(to_errc(reply.error()) == errc::overloaded ? overloaded : unavailable); },
            "PING");
    }
    CHECK(overloaded >= 100);
    REQUIRE(shard.reaches([&] { return overloaded + unavailable == limits::redis_pending_requests + 100; }));
    server.thaw();
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
}

TEST_CASE("a connection that Redis closes is made again") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    observed seen{*redis};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    server("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    REQUIRE(shard.reaches([&] { return seen.ups == 2; }));
    CHECK(seen.downs == 1);
}

TEST_CASE("requests made while a loss is being told belong to nobody and fail at once") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    std::vector<std::string> story;
    redis->on_down([&] {
        story.push_back("down");
        redis->send([&](result<value> reply) { story.push_back(reply ? "answered" : "refused"); }, "PING");
    });
    redis->send(
        [&](result<value> reply) {
            story.push_back(reply ? "answered" : "failed");
            redis->send([&](result<value> again) { story.push_back(again ? "answered" : "refused"); }, "PING");
        },
        "BLPOP", "never", 0);
    server.kill();
    REQUIRE(shard.reaches([&] { return story.size() >= 4; }));
    CHECK(story == std::vector<std::string>{"down", "refused", "failed", "refused"});
}

TEST_CASE("a peer that accepts and says nothing is not a connection, and is tried again") {
    test_shard shard;
    odd_server silent{shard.executor(), ""};
    running<redis::link> redis{shard, silent.where()};
    REQUIRE(shard.reaches([&] { return silent.accepted() >= 2; }));
    CHECK_FALSE(redis->connected());
}

TEST_CASE("a peer that is no Redis, or answers what was not asked, is dropped") {
    for (const std::string greeting :
         {"HTTP/1.1 400 Bad Request\r\n\r\n", "+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n", "+OK\r\n+OK\r\n+OK\r\n"}) {
        test_shard shard;
        odd_server odd{shard.executor(), greeting};
        running<redis::link> redis{shard, odd.where()};
        REQUIRE(shard.reaches([&] { return odd.accepted() >= 3; }));
        CHECK_FALSE(redis->connected());
    }
}

TEST_CASE("a Redis that is still loading its data is not connected to") {
    test_shard shard;
    odd_server loading{shard.executor(),
                       "+OK\r\n" + info("redis_version:7.0.15\r\nloading:1\r\n") + "*2\r\n$1\r\n1\r\n$1\r\n1\r\n"};
    running<redis::link> redis{shard, loading.where()};
    REQUIRE(shard.reaches([&] { return loading.accepted() >= 2; }));
    CHECK_FALSE(redis->connected());
}

TEST_CASE("a clock far from Redis' is taken over") {
    test_shard shard;
    odd_server past{shard.executor(),
                    "+OK\r\n" + info("redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n") +
                        "*2\r\n$10\r\n1000000000\r\n$6\r\n500000\r\n"};
    running<redis::link> redis{shard, past.where()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    CHECK(redis->health().has_value());
    CHECK(redis->now() >= from_unix_ms(1'000'000'000'000));
    CHECK(redis->now() < from_unix_ms(1'000'000'100'000));
}
