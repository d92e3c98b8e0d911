// The script that posts events to admins' consoles: R3.
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

const std::string stream = "stagedoor:{admins}:events";
const std::string seen = "stagedoor:{admins}:seen";
const std::string incarnation = "stagedoor:{admins}:incarnation";

struct bounds {
    int keep = 100;
    std::int64_t remember_ms = 60'000;
    int remembered = 100;
};

struct fixture {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    redis_client subscribed{server.socket_path()};

    fixture() {
        REQUIRE(shard.reaches([this] { return redis->connected(); }));
        subscribed("SUBSCRIBE", stream);
    }

    script_call call(const std::string& id, const std::string& fresh, bounds within) const {
        return {scripts::relay_admin_events,
                keys{stream, seen, incarnation},
                within.keep,
                within.remember_ms,
                within.remembered,
                fresh,
                id,
                "frame of " + id};
    }

    // "ok 1 life"
    std::string post(const std::string& id, const std::string& fresh = "life", bounds within = {}) {
        const auto reply = shard.await(eval(*redis, call(id, fresh, within)));
        if (!reply) return std::string{problem_of(to_errc(reply.error())).code};
        const auto parts = reply->to_array();
        return std::string{*(*parts)[2].to_text()} + " " + std::to_string(*(*parts)[1].to_integer()) + " " +
               std::string{*(*parts)[0].to_text()};
    }

    bool begin(const std::string& life, const std::string& fresh) {
        script_call begin_call{scripts::begin_admin_feed, keys{stream, seen, incarnation}, life, fresh};
        const auto reply = shard.await(eval(*redis, std::move(begin_call)));
        const auto parts = reply->to_array();
        return parts->front() == value{std::int64_t{1}};
    }

    std::vector<std::string> entries() {
        std::vector<std::string> out;
        const auto all = server("XRANGE", stream, "-", "+");
        for (const auto& entry : *all.if_array()) {
            out.push_back(*(*entry.if_array())[0].if_text() + "=" + *(*(*entry.if_array())[1].if_array())[1].if_text());
        }
        return out;
    }
    std::vector<std::string> published() {
        std::vector<std::string> messages;
        // PING is answered after all that was published before.
        subscribed.send(redis::command{"PING"});
        for (auto next = subscribed.read(); *next.if_array()->at(0).if_text() == "message"; next = subscribed.read()) {
            messages.push_back(*next.if_array()->at(2).if_text());
        }
        return messages;
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "admins' events are numbered without holes and carry incarnation and number") {
    CHECK(post("a.1") == "ok 1 life");
    CHECK(post("b.1", "unused") == "ok 2 life");
    CHECK(entries() == std::vector<std::string>{"1-0=a life 1 frame of a.1", "2-0=a life 2 frame of b.1"});
    CHECK(published() == std::vector<std::string>{"a life 1 frame of a.1", "a life 2 frame of b.1"});
}

TEST_CASE_METHOD(fixture, "an event that is relayed again does not reach the consoles again") {
    post("a.1");
    post("b.1");
    CHECK(post("a.1") == "dup 2 life");
    CHECK(entries().size() == 2);
    CHECK(published().size() == 2);
}

TEST_CASE_METHOD(fixture, "of events that share a call each comes once, in their order") {
    post("b.1");
    auto several = call("a.1", "life", {.keep = 3, .remember_ms = 60'000, .remembered = 3});
    for (const auto* const id : {"b.1", "c.1", "a.1", "d.1"}) several.add(id).add("frame of " + std::string{id});
    const auto reply = shard.await(eval(*redis, std::move(several)));
    value::array expected{value{std::string{"life"}}, value{std::int64_t{4}}};
    for (const auto* const word : {"ok", "dup", "ok", "dup", "ok"}) expected.emplace_back(std::string{word});
    CHECK(*reply == value{expected});
    CHECK(entries() == std::vector<std::string>{"2-0=a life 2 frame of a.1", "3-0=a life 3 frame of c.1",
                                                "4-0=a life 4 frame of d.1"});
    CHECK(published().size() == 4);
    CHECK(server("ZCARD", seen) == value{std::int64_t{3}});
}

TEST_CASE_METHOD(fixture, "two relays that post the same event at once reach the consoles once") {
    running<redis::link> other{shard, server.unix_url(), "other"};
    REQUIRE(shard.reaches([&] { return other->connected(); }));
    int done = 0;
    const auto post_all = [](redis::link& on, const fixture& self, int& finished) -> runtime::task<void> {
        for (int i = 0; i < 100; ++i) {
            auto call = self.call("u." + std::to_string(i), "life", {});
            co_await eval(on, std::move(call));
        }
        ++finished;
    };
    runtime::asio::co_spawn(shard.executor(), post_all(*redis, *this, done), runtime::asio::detached);
    runtime::asio::co_spawn(shard.executor(), post_all(*other, *this, done), runtime::asio::detached);
    REQUIRE(shard.reaches([&] { return done == 2; }));
    CHECK(published().size() == 100);
    CHECK(server("XLEN", stream) == value{std::int64_t{100}});
}

TEST_CASE_METHOD(fixture, "after a wipe the admins' stream starts empty in a new incarnation") {
    post("a.1", "first");
    server("FLUSHALL");
    CHECK(post("b.1", "second") == "ok 1 second");
    CHECK(post("a.1", "third") == "ok 2 second");
}

TEST_CASE_METHOD(fixture, "the loss of any one of the three keys is a wipe of all") {
    for (const auto& lost : {stream, seen, incarnation}) {
        server("FLUSHALL");
        post("a.1", "first");
        post("b.1", "first");
        server("DEL", lost);
        CHECK(post("c.1", "second") == "ok 1 second");
        CHECK(entries() == std::vector<std::string>{"1-0=a second 1 frame of c.1"});
    }
}

TEST_CASE_METHOD(fixture, "the admins' stream and what it remembers are bounded by count") {
    for (int i = 10; i < 30; ++i)
        post("u." + std::to_string(i), "life", {.keep = 5, .remember_ms = 60'000, .remembered = 7});
    CHECK(server("XLEN", stream) == value{std::int64_t{5}});
    CHECK(server("ZCARD", seen) == value{std::int64_t{7}});
    CHECK(post("u.23") == "dup 20 life");
}

TEST_CASE_METHOD(fixture, "ids older than their age are forgotten") {
    post("old.1");
    server("ZADD", seen, "XX", 1'000, "old.1");  // as if it had been posted in 1970
    CHECK(post("new.1") == "ok 2 life");
    CHECK(server("ZSCORE", seen, "old.1").is_nil());
    CHECK(server("ZCARD", seen) == value{std::int64_t{1}});
}

TEST_CASE_METHOD(fixture, "an admins' stream that is no stream is an error and remembers nothing") {
    post("a.1");
    server("DEL", stream);
    server("SET", stream, "x");
    CHECK(post("b.1") == "redis_protocol");
    CHECK(server("ZCARD", seen) == value{std::int64_t{1}});
}

TEST_CASE_METHOD(fixture, "for a life of the data the admins' stream begins anew once, under a name that was never there") {
    CHECK(begin("one", "-a"));
    CHECK(entries().empty());
    CHECK(post("a.1", "unused") == "ok 1 one-a");
    CHECK_FALSE(begin("one", "-b"));  // another relay, or the same one again
    CHECK(post("b.1", "unused") == "ok 2 one-a");
    CHECK(entries().size() == 2);

    CHECK(begin("two", "-c"));
    CHECK(entries().empty());
    CHECK(post("b.1", "unused") == "ok 1 two-c");
    CHECK(begin("one", "-d"));  // a relay that comes late: consoles reload once more
    CHECK(post("b.1", "unused") == "ok 1 one-d");
}

TEST_CASE_METHOD(fixture, "an admins' stream that lacks one of its keys is begun anew, whatever life it was begun for") {
    CHECK(begin("one", "-a"));
    post("a.1");
    server("DEL", GENERATE(stream, seen, incarnation));
    CHECK(begin("one", "-b"));
    CHECK(post("a.1", "unused") == "ok 1 one-b");
}
