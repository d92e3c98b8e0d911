#include "common/obs/health.hpp"

#include <boost/json.hpp>
#include <thread>
#include <vector>

#include "common/obs/log.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor::obs;

namespace {

struct fixture {
    fixture() { log::impl::threshold = log::level::off; }
    ~fixture() { log::impl::threshold = log::level::info; }
    fixture(const fixture&) = delete;
    fixture& operator=(const fixture&) = delete;

    health watched;
    auto conditions() const { return boost::json::parse(watched.report().body).at("conditions").as_array(); }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a process is ready when every condition is ok") {
    CHECK(watched.ready());
    auto& redis = watched.add("redis");
    auto& database = watched.add("database");
    CHECK_FALSE(watched.ready());
    redis.ok();
    CHECK_FALSE(watched.ready());
    database.ok();
    CHECK(watched.ready());
    CHECK(watched.report().status == 200);
    redis.fail("connection refused");
    CHECK_FALSE(watched.ready());
    CHECK(watched.report().status == 503);
}

TEST_CASE_METHOD(fixture, "the report names each condition, since when, and why it is not ok") {
    watched.add("redis").fail("say \"no\"");
    watched.add("database").ok();
    const auto all = conditions();
    REQUIRE(all.size() == 2);
    CHECK(all[0].at("name").as_string() == "redis");
    CHECK_FALSE(all[0].at("ok").as_bool());
    CHECK(all[0].at("reason").as_string() == "say \"no\"");
    CHECK(all[0].at("since").as_string().size() == 24);
    CHECK(all[1].at("ok").as_bool());
    CHECK_FALSE(all[1].as_object().contains("reason"));
}

TEST_CASE_METHOD(fixture, "a condition that nobody has spoken for is starting") {
    watched.add("redis");
    CHECK(conditions()[0].at("reason").as_string() == "starting");
}

TEST_CASE_METHOD(fixture, "shards share a name: it is ok when all are, and shown once") {
    auto& first = watched.add("redis");
    auto& second = watched.add("redis");
    first.ok();
    second.fail("link lost");
    REQUIRE(conditions().size() == 1);
    CHECK(conditions()[0].at("reason").as_string() == "link lost");
    CHECK_FALSE(watched.ready());
    second.ok();
    CHECK(conditions()[0].at("ok").as_bool());
    CHECK(watched.ready());
}

TEST_CASE_METHOD(fixture, "conditions change and are read on any thread") {
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        auto& mine = watched.add("redis");
        threads.emplace_back([this, &mine] {
            for (int i = 0; i < 500; ++i) {
                mine.fail("away");
                mine.ok();
                static_cast<void>(watched.report());
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(watched.ready());
}

TEST_CASE("who can answer is alive") {
    CHECK(liveness().status == 200);
    CHECK_NOTHROW(boost::json::parse(liveness().body));
}
