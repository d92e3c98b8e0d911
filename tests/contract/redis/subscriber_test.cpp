#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "common/redis/link.hpp"
#include "common/redis/subscriber.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;
using namespace std::chrono_literals;

namespace {

const std::string probe_channel = "stagedoor:{probe}:node";

struct fixture {
    redis_server server;
    test_shard shard;
    std::vector<std::string> story;  // "lost", "restored", "channel=payload"
    running<redis::link> data{shard, server.unix_url()};
    running<subscriber> subscriptions{shard, server.unix_url(), *data, probe_channel,
                                      subscriber::handlers{
                                          .on_message =
                                              [this](std::string_view channel, std::string_view payload) {
                                                  story.push_back(std::string{channel} + "=" + std::string{payload});
                                              },
                                          .on_lost = [this] { story.push_back("lost"); },
                                          .on_restored = [this] { story.push_back("restored"); },
                                      }};

    fixture() {
        REQUIRE(shard.reaches([this] { return data->connected() && subscriptions->live(); }));
    }

    bool acquire(const std::string& channel) { return shard.await(subscriptions->acquire(channel)).has_value(); }

    std::int64_t subscribers_of(const std::string& channel) {
        return *server("PUBSUB", "NUMSUB", channel).if_array()->at(1).to_integer();
    }
    bool tells(std::vector<std::string> expected) {
        return shard.reaches([&] { return story == expected; });
    }
};

std::string channel(int i) { return "stagedoor:{" + std::to_string(i) + "}:events"; }

}  // namespace

TEST_CASE_METHOD(fixture, "a channel is subscribed in Redis when acquire returns, and every later message comes") {
    CHECK(story == std::vector<std::string>{"restored"});
    REQUIRE(acquire("c"));
    CHECK(subscribers_of("c") == 1);
    server("PUBLISH", "c", std::string("a\0\r\n", 4));
    server("PUBLISH", "c", "");
    CHECK(tells({"restored", std::string("c=a\0\r\n", 6), "c="}));
}

TEST_CASE_METHOD(fixture, "holders of one channel share its subscription until the last one leaves") {
    REQUIRE(acquire("c"));
    REQUIRE(acquire("c"));
    subscriptions->release("c");
    server("PUBLISH", "c", "1");
    CHECK(tells({"restored", "c=1"}));
    subscriptions->release("c");
    CHECK(shard.reaches([&] { return subscribers_of("c") == 0; }));
    CHECK(shard.reaches([&] { return subscriptions->channels() == 1; }));  // the probe's
}

TEST_CASE_METHOD(fixture, "a channel that is left and taken again at once is confirmed by its own confirmation") {
    for (int round = 0; round < 100; ++round) {
        REQUIRE(acquire("c"));
        subscriptions->release("c");
        REQUIRE(acquire("c"));
        // Whoever publishes now reaches us: the earlier UNSUBSCRIBE is behind us.
        REQUIRE(server("PUBLISH", "c", round) == value{std::int64_t{1}});
        subscriptions->release("c");
    }
    CHECK(shard.reaches([&] { return story.size() == 101; }));
}

TEST_CASE_METHOD(fixture,
                 "a thousand channels acquired at once are confirmed, deliver, and survive the loss of the link") {
    constexpr int channels = 1'000;
    int acquired = 0;
    const auto acquire_one = [](subscriber& on, int i, int& count) -> runtime::task<void> {
        const auto held = co_await on.acquire(channel(i));
        count += held ? 1 : 0;
    };
    for (int i = 0; i < channels; ++i) {
        runtime::asio::co_spawn(shard.executor(), acquire_one(*subscriptions, i, acquired), runtime::asio::detached);
    }
    REQUIRE(shard.reaches([&] { return acquired == channels; }));

    const auto deliver_all = [&](const std::string& payload) {
        story.clear();
        redis_client publisher{server.socket_path()};
        for (int i = 0; i < channels; ++i) publisher("PUBLISH", channel(i), payload);
        REQUIRE(shard.reaches([&] { return story.size() == channels; }));
        CHECK(std::set<std::string>(story.begin(), story.end()).size() == channels);
    };
    deliver_all("before");

    story.clear();
    const auto generation = subscriptions->generation();
    CHECK(server("CLIENT", "KILL", "TYPE", "pubsub") == value{std::int64_t{1}});
    CHECK(tells({"lost", "restored"}));
    CHECK(subscriptions->generation() == generation + 1);
    CHECK(*server("PUBSUB", "CHANNELS").if_array() != value::array{});
    CHECK(server("PUBSUB", "CHANNELS").if_array()->size() == channels + 1);
    deliver_all("after");
}

TEST_CASE_METHOD(fixture, "a Redis that dies loses the subscriptions once and brings them back when it returns") {
    REQUIRE(acquire("c"));
    server.kill();
    REQUIRE(tells({"restored", "lost"}));
    CHECK_FALSE(subscriptions->live());
    CHECK(shard.await(subscriptions->acquire("d")).error() == errc::redis_unavailable);
    subscriptions->release("c");  // while there is no connection
    server.start();
    REQUIRE(tells({"restored", "lost", "restored"}));
    CHECK(subscribers_of("c") == 0);
    CHECK(subscribers_of("d") == 0);
    CHECK(subscriptions->channels() == 1);
}

TEST_CASE_METHOD(fixture, "who waits for a confirmation when the link is lost is told so and holds nothing") {
    server.freeze();
    std::vector<errc> told;
    const auto acquire_one = [](subscriber& on, std::vector<errc>& into) -> runtime::task<void> {
        const auto held = co_await on.acquire("c");
        into.push_back(held ? errc{} : to_errc(held.error()));
    };
    runtime::asio::co_spawn(shard.executor(), acquire_one(*subscriptions, told), runtime::asio::detached);
    runtime::asio::co_spawn(shard.executor(), acquire_one(*subscriptions, told), runtime::asio::detached);
    REQUIRE(shard.reaches([&] { return told.size() == 2; }));
    CHECK(told == std::vector(2, errc::redis_unavailable));
    server.thaw();
    REQUIRE(shard.reaches([&] { return subscriptions->live(); }));
    CHECK(subscribers_of("c") == 0);
}

TEST_CASE_METHOD(fixture, "a Redis that stalls is a loss, even when nothing is published") {
    server.freeze();
    CHECK(tells({"restored", "lost"}));
    server.thaw();
    CHECK(tells({"restored", "lost", "restored"}));
}

TEST_CASE_METHOD(fixture, "being unsubscribed by another hand is a loss, and is mended") {
    REQUIRE(acquire("c"));
    // Redis has no command for it, so the user is: its channels are revoked, which cuts subscribers off.
    server("ACL", "SETUSER", "default", "resetchannels", "&stagedoor:*");
    CHECK(shard.reaches([&] { return !subscriptions->live(); }));
    server("ACL", "SETUSER", "default", "allchannels");
    CHECK(shard.reaches([&] { return subscriptions->live(); }));
    CHECK(subscribers_of("c") == 1);
}

TEST_CASE("a burst of messages that takes longer than a reply may is no loss, nor is one of them lost") {
    redis_server server;
    test_shard shard;
    int losses = 0;
    int messages = 0;
    running<redis::link> data{shard, server.unix_url()};
    running<subscriber> subscriptions{shard, server.unix_url(), *data, probe_channel,
                                      subscriber::handlers{
                                          .on_message =
                                              [&](std::string_view, std::string_view) {
                                                  ++messages;
                                                  const auto until = std::chrono::steady_clock::now() + 1ms;
                                                  while (std::chrono::steady_clock::now() < until) continue;
                                              },
                                          .on_lost = [&] { ++losses; },
                                          .on_restored = [] {},
                                      }};
    REQUIRE(shard.reaches([&] { return data->connected() && subscriptions->live(); }));
    REQUIRE(shard.await(subscriptions->acquire("c")).has_value());
    // Two seconds of work, four times the time for a reply; the probes' come somewhere in between.
    constexpr int burst = 2'000;
    const std::string letter(200, 'x');
    for (int i = 0; i < burst; ++i) server("PUBLISH", "c", letter);
    CHECK(shard.reaches([&] { return messages == burst; }));
    CHECK(losses == 0);
}

TEST_CASE("a subscriber that no longer hears what is published through the data link is lost, although it gets PONGs") {
    redis_server server;
    redis_server former;  // alive and well, but nobody publishes there any more
    test_shard shard;
    std::vector<std::string> story;
    running<redis::link> data{shard, server.unix_url()};
    running<subscriber> subscriptions{shard, former.unix_url(), *data, probe_channel,
                                      subscriber::handlers{
                                          .on_message = [](std::string_view, std::string_view) {},
                                          .on_lost = [&] { story.push_back("lost"); },
                                          .on_restored = [&] { story.push_back("restored"); },
                                      }};
    CHECK(shard.reaches([&] { return story.size() >= 2; }));
    CHECK(story[0] == "restored");
    CHECK(story[1] == "lost");
}

TEST_CASE("a subscriber whose data link is down stays live by PING alone") {
    redis_server server;
    test_shard shard;
    std::vector<std::string> story;
    url nowhere;
    nowhere.path = "/nonexistent/redis.sock";
    running<redis::link> data{shard, nowhere};
    running<subscriber> subscriptions{shard, server.unix_url(), *data, probe_channel,
                                      subscriber::handlers{
                                          .on_message = [](std::string_view, std::string_view) {},
                                          .on_lost = [&] { story.push_back("lost"); },
                                          .on_restored = [&] { story.push_back("restored"); },
                                      }};
    REQUIRE(shard.reaches([&] { return subscriptions->live(); }));
    const auto pings = [&] {
        const auto stats = server("INFO", "commandstats");
        return stats.if_text()->find("cmdstat_ping:calls=5") != std::string::npos;
    };
    CHECK(shard.reaches(pings));
    CHECK(story == std::vector<std::string>{"restored"});
}

TEST_CASE("a subscriber with a wrong password never goes live and is told apart from an absent Redis") {
    redis_server server;
    test_shard shard;
    running<redis::link> data{shard, server.unix_url()};
    auto where = server.unix_url();
    where.user = "nobody";
    where.password = "hunter2";
    running<subscriber> subscriptions{shard, where, *data, probe_channel,
                                      subscriber::handlers{
                                          .on_message = [](std::string_view, std::string_view) {},
                                          .on_lost = [] {},
                                          .on_restored = [] {},
                                      }};
    REQUIRE(shard.reaches([&] {
        const auto log = server("ACL", "LOG");
        return !log.if_array()->empty() && *log.if_array()->at(0).if_array()->at(1).to_integer() >= 2;
    }));
    CHECK_FALSE(subscriptions->live());
}
