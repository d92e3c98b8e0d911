// The script of the rate limits does what auth-service/src/limits/gcra.hpp says, for all nodes at once.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

constexpr std::int64_t second = 1'000'000;
const std::string limit = "stagedoor:{limit:account:h}";

struct outcome {
    std::int64_t allowed = -1;
    std::int64_t owed = -1;
};

outcome read_outcome(const result<value>& reply) {
    const auto items = reply->to_array();
    return {*(*items)[0].to_integer(), *(*items)[1].to_integer()};
}

struct node {
    node(test_shard& shard, redis_server& server) : shard_{shard}, link_{shard, server.unix_url()} {
        REQUIRE(shard.reaches([this] { return link_->connected(); }));
    }
    outcome operator()(std::string_view step, std::int64_t count = 10, std::int64_t period = 3'600 * second) {
        return read_outcome(shard_.await(
            eval(*link_, {scripts::rate_limit, keys{limit}, period / count, period, step})));
    }
    std::vector<outcome> at_once(int times, std::int64_t count, std::int64_t period) {
        std::vector<script_call> calls;
        for (int i = 0; i < times; ++i) calls.emplace_back(scripts::rate_limit, keys{limit}, period / count, period, "take");
        std::vector<outcome> all;
        for (const auto& reply : shard_.await(eval_all(*link_, std::move(calls)))) all.push_back(read_outcome(reply));
        return all;
    }

private:
    test_shard& shard_;
    running<redis::link> link_;
};

struct fixture {
    redis_server server;
    test_shard shard;
    node here{shard, server};
    node there{shard, server};
};

}  // namespace

TEST_CASE("a limit gives out its whole count at once, to all nodes together, and then refuses") {
    fixture f;
    for (int i = 0; i < 5; ++i) {
        CHECK(f.here("take").allowed == 1);
        CHECK(f.there("take").allowed == 1);
    }
    CHECK(f.here("take").allowed == 0);
    CHECK(f.there("take").allowed == 0);
    CHECK(f.here("look").allowed == 0);
}

TEST_CASE("of many that come at once no more pass than there is room for") {
    fixture f;
    int passed = 0;
    for (const auto& each : f.here.at_once(100, 37, 3'600 * second)) passed += each.allowed == 1 ? 1 : 0;
    for (const auto& each : f.there.at_once(100, 37, 3'600 * second)) passed += each.allowed == 1 ? 1 : 0;
    CHECK(passed == 37);
}

TEST_CASE("a look uses nothing and leaves no key, a charge uses one in any case") {
    fixture f;
    CHECK(f.here("look").allowed == 1);
    CHECK(*f.server("EXISTS", limit).to_integer() == 0);
    for (int i = 0; i < 12; ++i) f.here("charge");
    const auto after = f.here("look");
    CHECK(after.allowed == 0);
    CHECK(after.owed > 11 * 360 * second);
    CHECK(after.owed <= 12 * 360 * second);
}

TEST_CASE("what one node has taken is given back, and the key of a limit that nobody has used is gone") {
    fixture f;
    for (int i = 0; i < 10; ++i) f.here("take");
    CHECK(f.there("take").allowed == 0);
    CHECK(f.here("give_back").owed <= 9 * 360 * second);
    CHECK(f.there("take").allowed == 1);
    CHECK(f.there("take").allowed == 0);
    for (int i = 0; i < 10; ++i) f.here("give_back");
    CHECK(*f.server("EXISTS", limit).to_integer() == 0);
    CHECK(f.here("give_back").owed == 0);
    CHECK(*f.server("EXISTS", limit).to_integer() == 0);
}

TEST_CASE("nobody owes more than ten periods, also when Redis' clock was put back") {
    fixture f;
    for (int i = 0; i < 150; ++i) f.here("charge");
    CHECK(f.here("look").owed <= 36'000 * second);
    f.server("SET", limit, "99999999999999999");
    CHECK(f.here("look").owed == 36'000 * second);
}

TEST_CASE("what was used comes back, and a key ends when all has") {
    fixture f;
    CHECK(f.here("take", 2, second).allowed == 1);
    CHECK(f.here("take", 2, second).allowed == 1);
    const auto ttl = *f.server("PTTL", limit).to_integer();
    CHECK(ttl > 0);
    CHECK(ttl <= 1'000);
    CHECK(f.shard.reaches([&] { return f.there("look", 2, second).allowed == 1; }));
    CHECK(f.shard.reaches([&] { return *f.server("EXISTS", limit).to_integer() == 0; }));
}
