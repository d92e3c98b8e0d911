// The permissions that the two services need, and no more: the same rules stand in the operators' documents.
#include <catch2/catch.hpp>
#include <sstream>
#include <string>

#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "common/redis/subscriber.hpp"
#include "common/redis/tracker.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

const char* const auth_rules =
    "on >auth-password resetkeys ~stagedoor:* resetchannels &stagedoor:* -@all "
    "+ping +info +time +client|setname +client|id +client|tracking +get +mget +set +del +exists +scan +eval +evalsha +publish "
    "+xadd +xlen +xtrim +xinfo|stream +xrange +xrevrange +zadd +zmscore +zremrangebyscore +zremrangebyrank +hgetall "
    "(+subscribe resetchannels &__redis__:invalidate)";

const char* const notify_rules =
    "on >notify-password resetkeys %R~stagedoor:* resetchannels &stagedoor:* -@all "
    "+ping +info +time +client|setname +get +mget +exists +xinfo|stream +xrange +xrevrange +subscribe +unsubscribe "
    "(+publish resetchannels &stagedoor:{probe}:*) (+set ~stagedoor:{holder:*}) "
    "(+eval +evalsha +hset +hlen +hgetall +hdel +pexpire ~stagedoor:{*}:receipts)";

void set_user(redis_server& server, std::string_view name, const std::string& rules) {
    command set{"ACL", "SETUSER", name};
    std::istringstream words{rules};
    for (std::string word; words >> word;) {
        // A selector is one word to Redis, although it has blanks.
        if (word.starts_with('(')) {
            std::string rest;
            std::getline(words, rest, ')');
            word += rest + ")";
        }
        set.add(word);
    }
    redis_client admin{server.socket_path()};
    admin.send(set);
    REQUIRE(admin.read() == value{std::string{"OK"}});
}

url as(url where, std::string user) {
    where.password = user + "-password";
    where.user = std::move(user);
    return where;
}

const std::string stream = "stagedoor:{u}:events";
const std::string snapshot = "stagedoor:{u}:user";
const std::string session = "stagedoor:{u}:session:s";

}  // namespace

TEST_CASE("the user of auth-service may do all that its scripts and commands do") {
    redis_server server;
    set_user(server, "auth", auth_rules);
    test_shard shard;
    running<redis::link> redis{shard, as(server.unix_url(), "auth")};
    running<tracker> tracks{shard, as(server.unix_url(), "auth"), *redis,
                            tracker::handlers{.on_changed = [](std::string_view) {}, .on_lost = [] {}}};
    REQUIRE(shard.reaches([&] { return redis->connected() && tracks->answers(std::chrono::steady_clock::now()); }));
    CHECK(redis->health().has_value());

    const auto may = [&](script_call call) { return shard.await(eval(*redis, std::move(call))).has_value(); };
    CHECK(may({scripts::relay_user_events, keys{stream, snapshot}, 64, 1, "letter", R"({"version":1})"}));
    CHECK(may({scripts::relay_user_events, keys{stream, snapshot}, 64, 2, "letter", R"({"version":2})"}));
    CHECK(may({scripts::relay_rebase, keys{stream, snapshot}, 2, 5, R"({"version":5})", 64, "letter"}));
    for (const auto* const id : {"a.1", "a.2"}) {
        CHECK(may({scripts::relay_admin_events,
                   keys{"stagedoor:{admins}:events", "stagedoor:{admins}:seen", "stagedoor:{admins}:incarnation"}, 100,
                   60'000, 100, "life", id, "frame"}));
    }
    CHECK(may({scripts::begin_admin_feed,
               keys{"stagedoor:{admins}:events", "stagedoor:{admins}:seen", "stagedoor:{admins}:incarnation"}, "one",
               "-a"}));
    CHECK(may({scripts::put_snapshot, keys{snapshot}, 7, R"({"version":7})"}));
    CHECK(shard.await(redis->request("SET", session, "r1 a", "NX", "PX", 60'000)).has_value());
    CHECK(may({scripts::session_swap, keys{session}, "r1 a", "r1 b", 60'000}));
    CHECK(may({scripts::session_end, keys{session, stream}, "x1 a 1", 60'000, "c {}"}));
    CHECK(may({scripts::rate_limit, keys{"stagedoor:{limit:account:h}"}, 1'000'000, 10'000'000, "take"}));
    CHECK(shard.await(redis->request("MGET", session, snapshot)).has_value());
    CHECK(may({scripts::fence_swap, keys{"stagedoor:{fence}"}, "", "f1 a"}));
    CHECK(shard.await(redis->request("EXISTS", session)).has_value());
    CHECK(shard.await(redis->request("HGETALL", "stagedoor:{u}:receipts")).has_value());
    CHECK(shard.await(redis->request("SCAN", 0, "MATCH", "stagedoor:{*}:session:*", "COUNT", 10)).has_value());
    CHECK(shard.await(redis->request("DEL", session)).has_value());
    CHECK(server("ACL", "LOG").if_array()->empty());
}

TEST_CASE("the user of auth-service reaches no foreign key, no foreign channel and no administration") {
    redis_server server;
    set_user(server, "auth", auth_rules);
    test_shard shard;
    running<redis::link> redis{shard, as(server.unix_url(), "auth")};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    const auto denied = [&](command what) {
        const auto reply = shard.await(redis->exchange(std::move(what)));
        return reply && reply->error_text().starts_with("NOPERM");
    };
    CHECK(denied(command{"GET", "other:key"}));
    CHECK(denied(command{"PUBLISH", "other:channel", "x"}));
    CHECK(denied(command{"SUBSCRIBE", stream}));
    CHECK(denied(command{"FLUSHALL"}));
    CHECK(denied(command{"KEYS", "*"}));
    CHECK(denied(command{"CONFIG", "GET", "*"}));
}

TEST_CASE("the user of notify-service may read and subscribe, and probe its own subscription") {
    redis_server server;
    set_user(server, "notify", notify_rules);
    server("XADD", stream, "1-0", "e", "letter");
    test_shard shard;
    running<redis::link> redis{shard, as(server.tcp_url(), "notify")};
    std::vector<std::string> messages;
    running<subscriber> subscriptions{
        shard, as(server.tcp_url(), "notify"), *redis, "stagedoor:{probe}:node",
        subscriber::handlers{
            .on_message = [&](std::string_view, std::string_view payload) { messages.emplace_back(payload); },
            .on_lost = [] {},
            .on_restored = [] {},
        }};
    REQUIRE(shard.reaches([&] { return redis->connected() && subscriptions->live(); }));
    CHECK(shard.await(subscriptions->acquire(stream)).has_value());
    CHECK(shard.await(redis->request("MGET", session, snapshot)).has_value());
    CHECK(shard.await(redis->request("XRANGE", stream, "(0", "+", "COUNT", 64)).has_value());
    CHECK(shard.await(redis->request("XREVRANGE", stream, "+", "-", "COUNT", 1)).has_value());
    CHECK(shard.await(redis->request("GET", "stagedoor:{fence}")).has_value());
    CHECK(shard.await(redis->request("PUBLISH", "stagedoor:{probe}:node", 0)).has_value());
    CHECK(shard.await(redis->request("SET", "stagedoor:{holder:node.0}", 1, "PX", 3'000)).has_value());
    for (const auto* const socket : {"node.0.1", "node.0.2"}) {
        script_call word{scripts::receipts_put, keys{"stagedoor:{u}:receipts"}, 60'000, 1, socket, "c w 1 1 1 1"};
        CHECK(shard.await(eval(*redis, std::move(word))).has_value());
    }
    server("PUBLISH", stream, "hello");
    CHECK(shard.reaches([&] { return messages == std::vector<std::string>{"hello"}; }));
    CHECK(server("ACL", "LOG").if_array()->empty());
}

TEST_CASE("the user of notify-service writes nothing but receipts and signs of life, and says nothing to others") {
    redis_server server;
    set_user(server, "notify", notify_rules);
    test_shard shard;
    running<redis::link> redis{shard, as(server.unix_url(), "notify")};
    REQUIRE(shard.reaches([&] { return redis->connected(); }));
    const auto denied = [&](command what) {
        const auto reply = shard.await(redis->exchange(std::move(what)));
        return reply && reply->error_text().starts_with("NOPERM");
    };
    CHECK(denied(command{"SET", session, "r1 forged"}));
    CHECK(denied(command{"DEL", session}));
    CHECK(denied(command{"SET", "stagedoor:{fence}", "f1"}));
    CHECK(denied(command{"HSET", "stagedoor:{u}:user", "a", "b"}));
    CHECK(denied(command{"XADD", stream, "*", "e", "forged"}));
    CHECK(denied(command{"PUBLISH", stream, "c forged"}));
    CHECK(denied(command{"EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, session}));
    CHECK(denied(command{"SUBSCRIBE", "other:channel"}));
    CHECK(denied(command{"PSUBSCRIBE", "*"}));
    // A script may do no more than its user.
    const auto forged =
        shard.await(redis->request("EVAL", "return redis.call('SET', KEYS[1], 'x')", 1, "stagedoor:{u}:receipts"));
    CHECK_FALSE(forged.has_value());
    CHECK(server("EXISTS", "stagedoor:{u}:receipts") == value{std::int64_t{0}});
}
