// The script that keeps receipts in bounds: N9.
#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

const std::string receipts = "stagedoor:{u}:receipts";

struct fixture {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};

    fixture() {
        REQUIRE(shard.reaches([this] { return redis->connected(); }));
    }

    // How many lines were dropped; -1 for an error.
    template <class... Words>
    std::int64_t put(int most, const Words&... words) {
        const auto reply = shard.await(eval(*redis, script_call{scripts::receipts_put, keys{receipts}, 60'000, most, words...}));
        if (!reply) return -1;
        return *reply->to_integer();
    }
    std::map<std::string, std::string> kept() {
        std::map<std::string, std::string> out;
        const auto all = server("HGETALL", receipts);
        const auto& items = *all.if_array();
        for (std::size_t i = 0; i < items.size(); i += 2) out[*items[i].if_text()] = *items[i + 1].if_text();
        return out;
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "the newest word about a socket replaces the one before, and all live on") {
    CHECK(put(8, "n.0.1", "o w 0 0 0 100", "n.0.2", "o w 0 0 0 100") == 0);
    CHECK(put(8, "n.0.1", "o w 0 1 0 200") == 0);
    CHECK(kept() == std::map<std::string, std::string>{{"n.0.1", "o w 0 1 0 200"}, {"n.0.2", "o w 0 0 0 100"}});
    const auto ttl = *server("PTTL", receipts).to_integer();
    CHECK(ttl > 0);
    CHECK(ttl <= 60'000);
}

TEST_CASE_METHOD(fixture, "what is too much goes: closed sockets first, then the oldest word; the horizon says so") {
    for (int i = 1; i <= 4; ++i) {
        put(8, "open." + std::to_string(i) + ".0", "o w 0 0 0 " + std::to_string(100 + i));
        put(8, "gone." + std::to_string(i) + ".0", "c w 0 0 0 " + std::to_string(500 + i));
    }
    CHECK(put(8, "new.0.1", "o w 0 0 0 900") == 3);
    auto left = kept();
    CHECK(left.at("-") == "503");
    left.erase("-");
    CHECK(left.size() == 6);
    CHECK(left.contains("gone.4.0"));
    CHECK(left.contains("open.1.0"));

    CHECK(put(6, "new.0.2", "o w 0 0 0 901") == 3);
    left = kept();
    CHECK(left.at("-") == "504");
    CHECK_FALSE(left.contains("gone.4.0"));
    CHECK_FALSE(left.contains("open.1.0"));
    CHECK_FALSE(left.contains("open.2.0"));
    CHECK(left.contains("open.3.0"));
    CHECK(left.contains("new.0.2"));
}

TEST_CASE_METHOD(fixture, "receipts stay bounded however many sockets come and go") {
    for (int i = 0; i < 500; ++i) put(16, "n.0." + std::to_string(i), "c w 0 1 1 " + std::to_string(1'000 + i));
    CHECK(server("HLEN", receipts).to_integer().value() <= 17);
    CHECK(kept().contains("n.0.499"));
}

TEST_CASE_METHOD(fixture, "a key of another kind is an error and stays as it is") {
    server("SET", receipts, "x");
    CHECK(put(8, "n.0.1", "o w 0 0 0 100") == -1);
    CHECK(server("GET", receipts) == value{std::string{"x"}});
}
