// The scripts that change and end sessions: K6.
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

const std::string session = "stagedoor:{u}:session:s";
const std::string channel = "stagedoor:{u}:events";
const std::string control = R"(c {"control":"session_ended"})";

struct fixture {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};

    fixture() {
        REQUIRE(shard.reaches([this] { return redis->connected(); }));
    }

    // "done", "stored …", "nothing"
    std::string swap(const std::string& expected, const std::string& next, std::int64_t ttl_ms) {
        const auto reply = shard.await(eval(*redis, {scripts::session_swap, keys{session}, expected, next, ttl_ms}));
        const auto parts = reply->to_array();
        if (*(*parts)[0].to_integer() == 1) return "done";
        const auto stored = (*parts)[1].to_optional_text();
        return *stored ? "stored " + std::string{**stored} : "nothing";
    }
    std::int64_t end(const std::string& tombstone, std::int64_t ttl_ms = 600'000) {
        const auto reply =
            shard.await(eval(*redis, {scripts::session_end, keys{session, channel}, tombstone, ttl_ms, control}));
        return *reply->to_integer();
    }
    std::string stored() {
        const auto text = server("GET", session);
        return text.is_nil() ? "nil" : *text.if_text();
    }
    std::int64_t ttl_ms() { return *server("PTTL", session).to_integer(); }
};

}  // namespace

TEST_CASE_METHOD(fixture, "a session is made only where nothing is") {
    const auto put = [&](const char* record) {
        const auto reply = shard.await(redis->request("SET", session, record, "NX", "PX", 60'000));
        REQUIRE(reply.has_value());
        return !reply->is_nil();
    };
    CHECK(put("r1 first"));
    CHECK_FALSE(put("r1 second"));
    CHECK(stored() == "r1 first");
    CHECK(ttl_ms() > 0);
}

TEST_CASE_METHOD(fixture, "a record is swapped only while it is the one that was read, whole") {
    server("SET", session, "r1 a", "PX", 60'000);
    CHECK(swap("r1 a", "r1 b", 120'000) == "done");
    CHECK(stored() == "r1 b");
    CHECK(ttl_ms() > 60'000);
    CHECK(swap("r1 a", "r1 c", 1) == "stored r1 b");
    CHECK(swap("r1", "r1 c", 1) == "stored r1 b");
    CHECK(stored() == "r1 b");
}

TEST_CASE_METHOD(fixture, "a swap without a time to live keeps the one there is") {
    server("SET", session, "r1 a", "PX", 60'000);
    CHECK(swap("r1 a", "r1 b", 0) == "done");
    CHECK(ttl_ms() > 0);
    CHECK(ttl_ms() <= 60'000);
}

TEST_CASE_METHOD(fixture, "a swap makes no session where there is none") {
    CHECK(swap("r1 a", "r1 b", 1'000) == "nothing");
    CHECK(swap("", "r1 b", 1'000) == "nothing");
    CHECK(stored() == "nil");
}

TEST_CASE_METHOD(fixture, "of swaps from one record exactly one succeeds, whichever node they come from") {
    running<redis::link> other{shard, server.tcp_url(), "other"};
    REQUIRE(shard.reaches([&] { return other->connected(); }));
    server("SET", session, "0", "PX", 60'000);

    constexpr int wins_each = 100;
    // Counts up by compare-and-set: a lost update would leave the sum too small.
    const auto count_up = [](redis::link& on, int& finished) -> runtime::task<void> {
        std::string read = "0";
        for (int wins = 0; wins < wins_each;) {
            const auto next = std::to_string(std::stoi(read) + 1);
            const auto reply = co_await eval(on, {scripts::session_swap, keys{session}, read, next, 0});
            const auto parts = reply->to_array();
            const bool won = *(*parts)[0].to_integer() == 1;
            read = won ? next : std::string{*(*parts)[1].to_text()};
            wins += won ? 1 : 0;
        }
        ++finished;
    };
    int finished = 0;
    runtime::asio::co_spawn(shard.executor(), count_up(*redis, finished), runtime::asio::detached);
    runtime::asio::co_spawn(shard.executor(), count_up(*other, finished), runtime::asio::detached);
    REQUIRE(shard.reaches([&] { return finished == 2; }));
    CHECK(stored() == std::to_string(2 * wins_each));
}

TEST_CASE_METHOD(fixture, "ending a session puts a tombstone whatever was there and tells the sockets") {
    redis_client subscribed{server.socket_path()};
    subscribed("SUBSCRIBE", channel);
    server("SET", session, "r1 a", "PX", 60'000'000);
    CHECK(end("x1 signed_out 1") == 1);
    CHECK(stored() == "x1 signed_out 1");
    CHECK(ttl_ms() <= 600'000);
    CHECK(*(*subscribed.read().if_array())[2].if_text() == control);

    server("DEL", session);
    CHECK(end("x1 signed_out 2") == 1);
    CHECK(stored() == "x1 signed_out 2");
    CHECK(server("EXISTS", channel) == value{std::int64_t{0}});
}

TEST_CASE_METHOD(fixture, "the first tombstone stays, and is not prolonged by repeats, which tell the sockets again") {
    redis_client subscribed{server.socket_path()};
    subscribed("SUBSCRIBE", channel);
    end("x1 signed_out 1", 1'000);
    CHECK(end("x1 session_revoked 2", 600'000) == 0);
    CHECK(stored() == "x1 signed_out 1");
    CHECK(ttl_ms() <= 1'000);
    subscribed.read();
    CHECK(*(*subscribed.read().if_array())[2].if_text() == control);
}

TEST_CASE_METHOD(fixture, "what has ended is neither swapped nor made again") {
    server("SET", session, "r1 a", "PX", 60'000);
    end("x1 signed_out 1");
    CHECK(swap("r1 a", "r1 b", 60'000) == "stored x1 signed_out 1");
    const auto made = shard.await(redis->request("SET", session, "r1 c", "NX", "PX", 60'000));
    REQUIRE(made.has_value());
    CHECK(made->is_nil());
    CHECK(stored() == "x1 signed_out 1");
}

TEST_CASE_METHOD(fixture, "a hold gives way to the record of its holder, and to a tombstone") {
    const auto hold = [&](const char* text) { return !server("SET", session, text, "NX", "PX", 750).is_nil(); };
    REQUIRE(hold("h1 a"));
    CHECK_FALSE(hold("h1 b"));
    CHECK(swap("h1 b", "r1 a", 60'000) == "stored h1 a");
    CHECK(swap("h1 a", "r1 a", 60'000) == "done");
    CHECK(ttl_ms() > 750);

    server("DEL", session);
    REQUIRE(hold("h1 c"));
    CHECK(end("x1 signed_out 1") == 1);
    CHECK(swap("h1 c", "r1 a", 60'000) == "stored x1 signed_out 1");
    server("DEL", session);  // as when its time has run out
    CHECK(swap("h1 c", "r1 a", 60'000) == "nothing");
}

TEST_CASE_METHOD(fixture, "a script that Redis has forgotten is taught again and no call is lost") {
    CHECK(end("x1 a 1") == 1);
    server("SCRIPT", "FLUSH");
    server("DEL", session);
    CHECK(end("x1 b 2") == 1);
    CHECK(stored() == "x1 b 2");

    server("SCRIPT", "FLUSH");
    std::vector<script_call> calls;
    for (int i = 1; i <= 300; ++i) {
        calls.push_back(
            {scripts::put_snapshot, keys{"stagedoor:{u}:user"}, i, R"({"version":)" + std::to_string(i) + "}"});
    }
    const auto replies = shard.await(eval_all(*redis, calls));
    REQUIRE(replies.size() == 300);
    for (std::size_t i = 0; i < replies.size(); ++i) {
        const auto expected = R"({"version":)" + std::to_string(i + 1) + "}";
        CHECK(*replies[i]->to_text() == expected);
    }
}
