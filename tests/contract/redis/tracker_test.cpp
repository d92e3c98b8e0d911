// Client-side caching with a real Redis: what is heard, when, and that nothing is believed when it may not be.
#include "common/redis/tracker.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/redis/link.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;
using std::chrono::steady_clock;

namespace {

struct fixture {
    redis_server server;
    test_shard shard;
    std::vector<std::string> story;  // keys that changed, "lost"
    running<redis::link> data{shard, server.unix_url()};
    running<tracker> tracks{shard, server.unix_url(), *data,
                            tracker::handlers{
                                .on_changed = [this](std::string_view key) { story.emplace_back(key); },
                                .on_lost = [this] { story.emplace_back("lost"); },
                            }};

    fixture() {
        REQUIRE(begins_to_answer());
        story.clear();
    }
    bool answers() { return tracks->answers(steady_clock::now()); }
    bool begins_to_answer() {
        return shard.reaches([this] { return answers(); });
    }
    void read(const std::string& key) { REQUIRE(shard.await(data->request("GET", key)).has_value()); }
    // Lets what is due on the shard happen, without waiting for anything.
    void end_turn() {
        bool turned = false;
        runtime::asio::post(shard.executor(), [&] { turned = true; });
        REQUIRE(shard.reaches([&] { return turned; }));
    }
    bool has_lost() {
        return shard.reaches([this] { return !story.empty() && story.front() == "lost"; });
    }
    void check_that_changes_are_heard() {
        read("k");
        story.clear();
        server("SET", "k", "another");
        CHECK(shard.reaches([this] { return story == std::vector<std::string>{"k"}; }));
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a change that was readable is heard before anything is answered, without waiting", "[cache]") {
    for (int round = 0; round < 200; ++round) {
        read("k");
        end_turn();
        story.clear();
        server("SET", "k", round);
        server("PING");  // what the SET produced has been written to all sockets by now
        // Nothing of the shard runs in between: this looks by itself.
        REQUIRE(answers());
        REQUIRE(story == std::vector<std::string>{"k"});
        REQUIRE(answers());
        REQUIRE(story.size() == 1);
    }
    CHECK(tracks->counters().invalidations >= 200);
}

TEST_CASE_METHOD(fixture, "what was not read is not told, and what was read is told once", "[cache]") {
    read("k");
    server("SET", "other", "1");
    server("SET", "k", "1");
    server("SET", "k", "2");
    CHECK(shard.reaches([this] { return !story.empty(); }));
    read("other");
    server("DEL", "other");
    CHECK(shard.reaches([this] { return story.size() > 1; }));
    CHECK(story == std::vector<std::string>{"k", "other"});
}

TEST_CASE_METHOD(fixture, "a key that runs out is told", "[cache]") {
    server("SET", "k", "1", "PX", 50);
    read("k");
    CHECK(shard.reaches([this] { return story == std::vector<std::string>{"k"}; }));
}

TEST_CASE_METHOD(fixture, "a wipe drops everything, and tracking goes on", "[cache]") {
    read("k");
    server("FLUSHALL");
    CHECK(has_lost());
    CHECK(begins_to_answer());
    check_that_changes_are_heard();
}

TEST_CASE_METHOD(fixture, "the loss of the listener drops everything, and Redis is asked again on the same data connection",
                 "[cache]") {
    read("k");
    CHECK(server("CLIENT", "KILL", "TYPE", "pubsub") == value{std::int64_t{1}});
    CHECK(has_lost());
    CHECK_FALSE(answers());
    CHECK(tracks->counters().lease_losses == 1);
    CHECK(data->connected());
    CHECK(begins_to_answer());
    check_that_changes_are_heard();
}

TEST_CASE_METHOD(fixture, "the loss of the data connection drops everything, and the new one is tracked", "[cache]") {
    read("k");
    const auto clients = server("CLIENT", "LIST", "TYPE", "normal");
    const auto& list = *clients.if_text();
    const auto name = list.find("name=stagedoor-data");
    REQUIRE(name != std::string::npos);
    const auto id = list.rfind("id=", name) + 3;
    server("CLIENT", "KILL", "ID", list.substr(id, list.find(' ', id) - id));
    CHECK(has_lost());
    CHECK(begins_to_answer());
    check_that_changes_are_heard();
}

TEST_CASE_METHOD(fixture, "a Redis that does not answer is believed for no longer than the lease", "[cache]") {
    read("k");
    server.freeze();
    const auto frozen = steady_clock::now();
    CHECK(answers());
    CHECK(tracks->answers(frozen + limits::cache_lease) == false);
    CHECK(shard.reaches([this] { return !answers(); }));
    server.thaw();
    CHECK(begins_to_answer());
    check_that_changes_are_heard();
}

TEST_CASE_METHOD(fixture, "a Redis that is started again is tracked anew", "[cache]") {
    server.kill();
    CHECK(has_lost());
    CHECK_FALSE(answers());
    CHECK_FALSE(tracks->keeps());
    server.start();
    CHECK(begins_to_answer());
    check_that_changes_are_heard();
}

TEST_CASE_METHOD(fixture, "a burst that may have filled the socket is answered only after the next proof", "[cache]") {
    constexpr int many = 300;
    for (int i = 0; i < many; ++i) read("a-rather-long-name-of-a-key-that-is-read-" + std::to_string(i));
    end_turn();
    redis_client other{server.socket_path()};
    for (int i = 0; i < many; ++i) other("SET", "a-rather-long-name-of-a-key-that-is-read-" + std::to_string(i), "1");
    CHECK_FALSE(answers());
    CHECK(begins_to_answer());
    CHECK(story.size() == many);
}

TEST_CASE("a Redis that refuses tracking leaves the link to its work", "[cache]") {
    redis_server server;
    server("ACL", "SETUSER", "default", "-client|tracking");
    test_shard shard;
    running<redis::link> data{shard, server.unix_url()};
    int lost = 0;
    running<tracker> tracks{shard, server.unix_url(), *data,
                            tracker::handlers{.on_changed = [](std::string_view) {}, .on_lost = [&] { ++lost; }}};
    REQUIRE(shard.reaches([&] { return lost > 0; }));
    CHECK_FALSE(tracks->keeps());
    CHECK_FALSE(tracks->answers(steady_clock::now()));
    CHECK(shard.await(data->request("GET", "k")).has_value());
}
