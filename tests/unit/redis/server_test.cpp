#include <catch2/catch.hpp>

#include "common/redis/redis_clock.hpp"
#include "common/redis/server_info.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace std::chrono_literals;

namespace {

server_info good_server() {
    return parse_server_info("redis_version:7.0.15\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n");
}

}  // namespace

TEST_CASE("INFO is read by whole field names") {
    const auto info = parse_server_info(
        "# Server\r\nredis_version:7.0.15\r\nx_role:other\r\nrole:slave\r\nloading_start_time:1\r\nloading:1\r\n"
        "maxmemory_policy_note:no\r\nmaxmemory_policy:allkeys-lru");
    CHECK(info.version == "7.0.15");
    CHECK(info.role == "slave");
    CHECK(info.loading);
    CHECK(info.maxmemory_policy == "allkeys-lru");
    CHECK(parse_server_info("").maxmemory_policy.empty());
}

TEST_CASE("a server is fit when it evicts nothing, is recent enough and is a master") {
    CHECK(check_server(good_server()));

    auto evicting = good_server();
    evicting.maxmemory_policy = "allkeys-lru";
    CHECK_THAT(check_server(evicting).error(), Catch::Contains("noeviction") && Catch::Contains("allkeys-lru"));

    auto silent = good_server();
    silent.maxmemory_policy.clear();
    CHECK_THAT(check_server(silent).error(), Catch::Contains("does not say"));

    auto replica = good_server();
    replica.role = "slave";
    CHECK_THAT(check_server(replica).error(), Catch::Contains("replica"));

    for (const auto* const old : {"6.0.16", "5.0.3", "", "x"}) {
        auto server = good_server();
        server.version = old;
        CHECK_THAT(check_server(server).error(), Catch::Contains("6.2"));
    }
    for (const auto* const recent : {"6.2.0", "7.0.15", "10.0.0", "8"}) {
        auto server = good_server();
        server.version = recent;
        CHECK(check_server(server));
    }
}

TEST_CASE("Redis' time is taken for the middle of the round trip and carried on by the monotonic clock") {
    const redis_clock::steady_point start{1h};
    redis_clock clock{from_unix_ms(5'000), start};
    CHECK_FALSE(clock.known());
    CHECK(clock.at(start + 1s) == from_unix_ms(6'000));

    clock.learn(from_unix_ms(100'000), start, start + 40ms);
    CHECK(clock.known());
    CHECK(clock.at(start + 20ms) == from_unix_ms(100'000));
    CHECK(clock.at(start + 1020ms) == from_unix_ms(101'000));
}
