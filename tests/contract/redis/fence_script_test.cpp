// The script that changes the fence: R6.
#include <catch2/catch.hpp>
#include <string>

#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

const std::string key = "stagedoor:{fence}";

struct fixture {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};

    fixture() {
        REQUIRE(shard.reaches([this] { return redis->connected(); }));
    }
    // "done", "stored …", "nothing", or the error.
    std::string swap(const std::string& expected, const std::string& next) {
        const auto reply = shard.await(eval(*redis, {scripts::fence_swap, keys{key}, expected, next}));
        if (!reply) return reply.error().message();
        const auto parts = reply->to_array();
        if (*(*parts)[0].to_integer() == 1) return "done";
        const auto stored = (*parts)[1].to_optional_text();
        return *stored ? "stored " + std::string{**stored} : "nothing";
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a fence is put only while the one that was read is there, whole") {
    CHECK(swap("f1 a", "f1 b") == "nothing");
    CHECK(swap("", "f1 a") == "done");
    CHECK(swap("", "f1 b") == "stored f1 a");
    CHECK(swap("f1", "f1 b") == "stored f1 a");
    CHECK(swap("f1 a", "f1 b") == "done");
    CHECK(server("GET", key) == value{std::string{"f1 b"}});
    CHECK(*server("PTTL", key).to_integer() == -1);
}

TEST_CASE_METHOD(fixture, "a fence that stays as it is still is a write, which a full Redis refuses") {
    CHECK(swap("", "f1 a") == "done");
    CHECK(swap("f1 a", "f1 a") == "done");
    server("CONFIG", "SET", "maxmemory", "1");
    CHECK(swap("f1 a", "f1 a") == make_error_code(errc::redis_unavailable).message());
    server("CONFIG", "SET", "maxmemory", "0");
    CHECK(swap("f1 a", "f1 a") == "done");
}

TEST_CASE_METHOD(fixture, "a link knows the run id of the server process it leads to") {
    const auto run_id = std::string{redis->run_id()};
    CHECK(run_id.size() == 40);
    server.kill();
    REQUIRE(shard.reaches([&] { return !redis->connected(); }));
    CHECK(redis->run_id().empty());
    server.start();
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    CHECK(redis->run_id().size() == 40);
    CHECK(redis->run_id() != run_id);
}
