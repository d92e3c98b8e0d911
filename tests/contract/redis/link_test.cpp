#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <catch2/catch.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "common/core/limits.hpp"
#include "common/redis/link.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

// What is logged from here to the end of its scope.
class captured_log {
public:
    captured_log() : former_{spdlog::default_logger()} {
        auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(text_);
        spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
    }
    ~captured_log() { spdlog::set_default_logger(former_); }
    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
    std::shared_ptr<spdlog::logger> former_;
};

// How often somebody was refused in a row, as the server counts it.
std::int64_t refusals(redis_server& server) {
    const auto log = server("ACL", "LOG");
    return log.if_array()->empty() ? 0 : *log.if_array()->at(0).if_array()->at(1).to_integer();
}

std::size_t count(const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
}

}  // namespace

TEST_CASE("a link answers over a unix socket and over TCP") {
    redis_server server;
    test_shard shard;
    running<redis::link> by_socket{shard, server.unix_url()};
    running<redis::link> by_port{shard, server.tcp_url()};
    REQUIRE(shard.reaches([&] { return by_socket->connected() && by_port->connected(); }));

    const auto set = shard.await(by_socket->request("SET", "k", std::string("a\0\r\nb", 5)));
    REQUIRE(set.has_value());
    const auto got = shard.await(by_port->request("GET", "k"));
    REQUIRE(got.has_value());
    CHECK(*got->to_text() == std::string("a\0\r\nb", 5));
    CHECK(by_socket->health().has_value());
}

TEST_CASE("requests of one turn go to Redis together and each gets its own reply") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));

    std::vector<std::string> replies;
    for (int i = 0; i < 1'000; ++i) {
        redis->send([&](result<value> reply) { replies.push_back(*reply->if_text()); }, "ECHO", i);
    }
    CHECK(replies.empty());
    REQUIRE(shard.reaches([&] { return replies.size() == 1'000; }));
    for (std::size_t i = 0; i < replies.size(); ++i) REQUIRE(replies[i] == std::to_string(i));

    std::vector<command> commands;
    for (int i = 0; i < 1'000; ++i) commands.emplace_back("ECHO", i);
    const auto all = shard.await(redis->exchange_all(std::move(commands)));
    for (std::size_t i = 0; i < all.size(); ++i) REQUIRE(*all[i]->to_text() == std::to_string(i));
    CHECK(shard.await(redis->exchange_all({})).empty());
}

TEST_CASE("requests and replies larger than every buffer pass whole") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.tcp_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    std::string large(6 * 1024 * 1024, 'x');
    for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>('a' + i % 26);
    const auto reply = shard.await(redis->request("ECHO", large));
    REQUIRE(reply.has_value());
    CHECK(*reply->to_text() == large);
}

TEST_CASE("an error of Redis is an error of the request, or a value for those who ask for it") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    server("SET", "k", "text");

    const auto refused = shard.await(redis->request("LPUSH", "k", "x"));
    CHECK(refused.error() == errc::redis_protocol);
    const auto raw = shard.await(redis->exchange(command{"LPUSH", "k", "x"}));
    REQUIRE(raw.has_value());
    CHECK_THAT(std::string{raw->error_text()}, Catch::StartsWith("WRONGTYPE"));

    server("CONFIG", "SET", "maxmemory", 1);
    const auto full = shard.await(redis->request("SET", "k", "x"));
    CHECK(full.error() == errc::redis_unavailable);
}

TEST_CASE("a refused request is told in the log without its arguments") {
    redis_server server;
    test_shard shard;
    captured_log log;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    shard.await(redis->request("NOSUCH", "hunter2"));
    CHECK_THAT(log.text(), Catch::Contains("ERR unknown command") && !Catch::Contains("hunter2"));
}

TEST_CASE("a link knows Redis' time to within the round trip") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    const auto told = shard.await(redis->request("TIME"));
    const auto seconds = std::stoll(*(*told->if_array())[0].if_text());
    const auto off = redis->now() - from_unix_ms(seconds * 1'000);
    CHECK(off > std::chrono::milliseconds{-1'000});
    CHECK(off < std::chrono::milliseconds{2'000});
}

TEST_CASE("a replica that has become the master is fit for use within a second") {
    redis_server server;
    server("REPLICAOF", "127.0.0.1", 1);
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    REQUIRE_FALSE(redis->health().has_value());
    CHECK_THAT(redis->health().error(), Catch::Contains("replica"));

    server("REPLICAOF", "NO", "ONE");
    CHECK(shard.reaches([&] { return redis->health().has_value(); }, std::chrono::seconds{1}));
}

TEST_CASE("a Redis that may evict sessions is reported as not ready, until it may not") {
    redis_server server{{"--maxmemory-policy", "allkeys-lru"}};
    test_shard shard;
    captured_log log;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    REQUIRE_FALSE(redis->health().has_value());
    CHECK_THAT(redis->health().error(), Catch::Contains("allkeys-lru"));

    server("CONFIG", "SET", "maxmemory-policy", "noeviction");
    CHECK(shard.reaches([&] { return redis->health().has_value(); }));
    CHECK(count(log.text(), "not ready") == 1);
    CHECK(count(log.text(), "fit for use again") == 1);
}

TEST_CASE("a wrong password keeps the link down, is logged once and without the password, and may be mended") {
    redis_server server;
    server("ACL", "SETUSER", "auth", "on", ">right", "~*", "&*", "+@all");
    test_shard shard;
    captured_log log;
    auto where = server.unix_url();
    where.user = "auth";
    where.password = "hunter2";
    running<redis::link> redis{shard, where};

    REQUIRE(shard.reaches([&] { return refusals(server) >= 3; }));
    CHECK_FALSE(redis->connected());
    CHECK_FALSE(redis->health().has_value());
    CHECK(shard.await(redis->request("PING")).error() == errc::redis_unavailable);
    CHECK(count(log.text(), "WRONGPASS") == 1);
    CHECK(count(log.text(), "hunter2") == 0);

    server("ACL", "SETUSER", "auth", ">hunter2");
    CHECK(shard.reaches([&] { return redis->connected(); }));
    CHECK(count(log.text(), "connected to unix:") == 1);
    CHECK(count(log.text(), "hunter2") == 0);
}

TEST_CASE("the password of the default user is enough") {
    redis_server server;
    auto where = server.unix_url();
    where.password = "secret";
    server("CONFIG", "SET", "requirepass", "secret");
    test_shard shard;
    running<redis::link> redis{shard, where};
    CHECK(shard.reaches([&] { return redis->connected(); }));
}

TEST_CASE("a missing password is told by Redis' own word") {
    redis_server server;
    server("CONFIG", "SET", "requirepass", "secret");
    test_shard shard;
    captured_log log;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return count(log.text(), "NOAUTH") == 1; }));
    CHECK_FALSE(redis->connected());
}

TEST_CASE("a stopped link fails who waits and ends") {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    std::vector<errc> told;
    redis->send([&](result<value> reply) { told.push_back(to_errc(reply.error())); }, "BLPOP", "never", 0);
    redis.stop();
    CHECK(told == std::vector{errc::redis_unavailable});
    CHECK_FALSE(redis->connected());
    redis->send([&](result<value> reply) { told.push_back(to_errc(reply.error())); }, "PING");
    CHECK(told.size() == 2);
}

TEST_CASE("a link that is stopped before it has connected ends") {
    test_shard shard;
    url nowhere;
    nowhere.path = "/nonexistent/redis.sock";
    running<redis::link> redis{shard, nowhere};
    shard.reaches([] { return false; }, std::chrono::milliseconds{50});
    redis.stop();
    CHECK_FALSE(redis->connected());
}
