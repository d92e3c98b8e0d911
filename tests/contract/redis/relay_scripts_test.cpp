// The scripts that post events to users: R1, R2, K8.
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "common/redis/link.hpp"
#include "common/redis/script.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"
#include "tests/support/stream_model.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;
using namespace stagedoor::tests;

namespace {

const std::string stream = "stagedoor:{u}:events";
const std::string snapshot = "stagedoor:{u}:user";

std::string letter(int version) { return "e " + std::to_string(version) + " letter"; }
std::string facts(int version) { return R"({"id":"u","version":)" + std::to_string(version) + "}"; }

script_call event(int version, int keep = 64) {
    return {scripts::relay_user_events, keys{stream, snapshot}, keep, version, letter(version), facts(version)};
}

struct to_user {
    std::string user;
    int version;
};

// A call for several users, whose letters name them.
script_call events(const std::vector<to_user>& each) {
    std::vector<std::string> names;
    for (const auto& one : each) {
        names.push_back("stagedoor:{" + one.user + "}:events");
        names.push_back("stagedoor:{" + one.user + "}:user");
    }
    script_call call{scripts::relay_user_events, std::span<const std::string>{names}};
    call.add(64);
    for (const auto& one : each) call.add(one.version).add(one.user + letter(one.version)).add(facts(one.version));
    return call;
}

script_call rebase(int seen_top, int first, int last, int keep = 64) {
    script_call call{scripts::relay_rebase, keys{stream, snapshot}, seen_top, first, facts(last), keep};
    for (int version = first; version <= last; ++version) call.add(letter(version));
    return call;
}

// A reply {"ok", 3} as "ok 3", {"ok", 3, "gap", 0} as "ok 3, gap 0"; of what is refused the first word.
std::string told(const result<value>& reply) {
    if (!reply) return std::string{problem_of(to_errc(reply.error())).code};
    const auto parts = reply->to_array();
    if (!parts || parts->size() % 2 != 0) return "?";
    std::string all;
    for (std::size_t i = 0; i < parts->size(); i += 2) {
        const std::string word{*(*parts)[i].to_text()};
        if (!all.empty()) all += ", ";
        all += word + " ";
        if (word == "error") {
            const auto text = *(*parts)[i + 1].to_text();
            all += text.substr(0, text.find(' '));
        } else {
            all += std::to_string(*(*parts)[i + 1].to_integer());
        }
    }
    return all;
}

struct fixture {
    redis_server server;
    test_shard shard;
    running<redis::link> redis{shard, server.unix_url()};
    redis_client subscribed{server.socket_path()};

    fixture() {
        REQUIRE(shard.reaches([this] { return redis->connected(); }));
        subscribed("SUBSCRIBE", stream);
    }

    std::string run(script_call call) { return told(shard.await(eval(*redis, std::move(call)))); }

    // The ids in the stream with their letters.
    std::string stream_text() {
        std::string out;
        const auto entries = server("XRANGE", stream, "-", "+");
        for (const auto& entry : *entries.if_array()) {
            const auto& fields = *(*entry.if_array())[1].if_array();
            out +=
                "[" + *(*entry.if_array())[0].if_text() + " " + *fields[0].if_text() + "=" + *fields[1].if_text() + "]";
        }
        return out;
    }
    std::string stored_snapshot() {
        const auto stored = server("GET", snapshot);
        return stored.is_nil() ? "nil" : *stored.if_text();
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

TEST_CASE("EVALSHA calls every script by the digest that Redis computes") {
    redis_server server;
    for (const auto* const each : {&scripts::relay_user_events, &scripts::relay_rebase, &scripts::relay_admin_events, &scripts::begin_admin_feed,
                                   &scripts::put_snapshot, &scripts::session_swap, &scripts::session_end}) {
        INFO(each->name);
        CHECK(server("SCRIPT", "LOAD", each->source) == value{std::string{each->sha1}});
    }
}

TEST_CASE_METHOD(fixture, "an event is appended after its predecessor, snapshotted and published") {
    CHECK(run(event(1)) == "ok 1");
    CHECK(run(event(2)) == "ok 2");
    CHECK(stream_text() == "[1-0 e=e 1 letter][2-0 e=e 2 letter]");
    CHECK(stored_snapshot() == facts(2));
    CHECK(published() == std::vector{letter(1), letter(2)});
    CHECK(server("TTL", stream) == value{std::int64_t{-1}});
}

TEST_CASE_METHOD(fixture, "an event whose predecessor is missing changes nothing and tells the top") {
    CHECK(run(event(2)) == "gap 0");
    CHECK(server("DBSIZE") == value{std::int64_t{0}});
    CHECK(run(event(1)) == "ok 1");
    CHECK(run(event(3)) == "gap 1");
    CHECK(stored_snapshot() == facts(1));
    CHECK(published() == std::vector{letter(1)});
}

TEST_CASE_METHOD(fixture,
                 "an event that comes again is a duplicate, is not published, and makes up for a lost snapshot") {
    run(event(1));
    run(event(2));
    server("DEL", snapshot);
    CHECK(run(event(1)) == "dup 2");
    CHECK(stored_snapshot() == facts(1));
    CHECK(run(event(2)) == "dup 2");
    CHECK(stored_snapshot() == facts(2));
    CHECK(run(event(1)) == "dup 2");
    CHECK(stored_snapshot() == facts(2));
    CHECK(published() == std::vector{letter(1), letter(2)});
}

TEST_CASE_METHOD(fixture, "an event never puts an older snapshot over a newer one, and any over what is none") {
    server("SET", snapshot, facts(5));
    CHECK(run(event(1)) == "ok 1");
    CHECK(stored_snapshot() == facts(5));
    for (const auto* const garbage : {"", "not json", "[1]", "null", R"({"version":"x"})", R"({"id":"u"})"}) {
        server("SET", snapshot, garbage);
        CHECK(run(event(1)) == "dup 1");
        CHECK(stored_snapshot() == facts(1));
    }
}

TEST_CASE_METHOD(fixture, "a user's stream keeps as many entries as it is told and remembers its top without any") {
    for (int version = 1; version <= 10; ++version) run(event(version, 3));
    CHECK(stream_text() == "[8-0 e=e 8 letter][9-0 e=e 9 letter][10-0 e=e 10 letter]");
    server("XTRIM", stream, "MAXLEN", 0);
    CHECK(run(event(10)) == "dup 10");
    CHECK(run(event(1)) == "dup 10");
    CHECK(run(event(11)) == "ok 11");
}

TEST_CASE_METHOD(fixture, "versions beyond what 32 bits hold are compared as numbers") {
    const std::string large = "9007199254740000";
    server("XADD", stream, large + "-0", "e", "x");
    CHECK(told(shard.await(eval(*redis, {scripts::relay_user_events, keys{stream, snapshot}, 64, 9007199254740001, "l",
                                         "{}"}))) == "ok 9007199254740001");
    CHECK(run(event(10)) == "dup 9007199254740001");
}

TEST_CASE_METHOD(fixture, "a stream that is no stream is an error, and nothing is done") {
    server("SET", stream, "x");
    CHECK(run(event(1)) == "error WRONGTYPE");
    CHECK(stored_snapshot() == "nil");
    CHECK(published().empty());
}

TEST_CASE_METHOD(fixture, "of events that share a call each has its own outcome, and those of one user their order") {
    server("SET", "stagedoor:{spoilt}:events", "x");
    server("SET", "stagedoor:{loud}:user", R"({"displayName":"\\"version\\":9","version":0})");
    CHECK(run(events({{"u", 1}, {"behind", 2}, {"spoilt", 1}, {"u", 2}, {"u", 1}, {"u", 4}, {"loud", 1}})) ==
          "ok 1, gap 0, error WRONGTYPE, ok 2, dup 2, gap 2, ok 1");
    CHECK(stream_text() == "[1-0 e=ue 1 letter][2-0 e=ue 2 letter]");
    CHECK(stored_snapshot() == facts(2));
    CHECK(published() == std::vector{"u" + letter(1), "u" + letter(2)});
    CHECK(server("EXISTS", "stagedoor:{behind}:events", "stagedoor:{behind}:user", "stagedoor:{spoilt}:user") ==
          value{std::int64_t{0}});
    CHECK(server("GET", "stagedoor:{loud}:user") == value{facts(1)});
}

TEST_CASE_METHOD(fixture, "two relays that post the same events leave each once, in order, in stream and channel") {
    running<redis::link> other{shard, server.tcp_url(), "other"};
    REQUIRE(shard.reaches([&] { return other->connected(); }));
    static constexpr int events = 200;

    // Each goes on from what it is told, as R1 says; `step` 3 runs ahead and finds gaps.
    const auto post = [](redis::link& on, int step, int& finished) -> runtime::task<void> {
        int top = 0;
        for (int next = 1; top < events;) {
            const int version = std::min(next, events);
            const auto reply = co_await eval(on, event(version));
            const auto parts = reply->to_array();
            top = static_cast<int>(*(*parts)[1].to_integer());
            next = *(*parts)[0].to_text() == "gap" ? top + 1 : version + step;
        }
        ++finished;
    };
    int finished = 0;
    runtime::asio::co_spawn(shard.executor(), post(*redis, 1, finished), runtime::asio::detached);
    runtime::asio::co_spawn(shard.executor(), post(*other, 3, finished), runtime::asio::detached);
    REQUIRE(shard.reaches([&] { return finished == 2; }));

    std::vector<std::string> expected;
    for (int version = 1; version <= events; ++version) expected.push_back(letter(version));
    CHECK(published() == expected);
    CHECK(server("XLEN", stream) == value{std::int64_t{64}});
    CHECK(stored_snapshot() == facts(events));
}

TEST_CASE_METHOD(fixture, "the scripts do what models take them to do, in every small state") {
    using model::user_stream;
    const auto bring_to = [&](const user_stream& state) {
        server("DEL", stream, snapshot);
        for (int version = 1; version <= state.top; ++version) run(event(version));
        server("DEL", snapshot);
        if (state.snapshot > 0) server("SET", snapshot, facts(state.snapshot));
    };
    const auto found = [&] {
        user_stream state;
        const auto entries = server("XRANGE", stream, "-", "+");
        for (const auto& entry : *entries.if_array()) {
            const auto version = static_cast<std::uint8_t>(std::stoi(*(*entry.if_array())[0].if_text()));
            state.versions |= user_stream::bit(version);
            state.top = version;
        }
        for (std::uint8_t version = 1; version <= 4; ++version) {
            if (stored_snapshot() == facts(version)) state.snapshot = version;
        }
        return state;
    };
    const std::map<user_stream::reply, std::string> words{
        {user_stream::reply::ok, "ok"}, {user_stream::reply::dup, "dup"}, {user_stream::reply::gap, "gap"}};
    for (std::uint8_t top = 0; top <= 3; ++top) {
        for (std::uint8_t known = 0; known <= 4; ++known) {
            const user_stream before{static_cast<std::uint8_t>((1U << top) - 1), top, known};
            INFO("top " << int{top} << ", snapshot " << int{known});
            for (std::uint8_t version = 1; version <= 4; ++version) {
                auto expected = before;
                const auto outcome = expected.post(version, version);
                const auto reply = words.at(outcome) + " " + std::to_string(expected.top);
                bring_to(before);
                CHECK(run(event(version)) == reply);
                CHECK(found() == expected);
            }
            for (std::uint8_t first = 1; first <= 4; ++first) {
                const auto seen = static_cast<std::uint8_t>(first == 4 ? 0 : top);
                auto expected = before;
                const bool done = expected.rebase(seen, first, 4);
                bring_to(before);
                CHECK(run(rebase(seen, first, 4)) == (done ? "ok 4" : "moved " + std::to_string(top)));
                CHECK(found() == expected);
            }
        }
    }
}

TEST_CASE_METHOD(fixture, "a rebase starts the stream anew with the run, and publishes its last letter") {
    run(event(1));
    CHECK(run(rebase(1, 5, 7)) == "ok 7");
    CHECK(stream_text() == "[5-0 e=e 5 letter][6-0 e=e 6 letter][7-0 e=e 7 letter]");
    CHECK(stored_snapshot() == facts(7));
    CHECK(published() == std::vector{letter(1), letter(7)});
    CHECK(run(event(4)) == "dup 7");  // behind three entries, which are not 1 to 3
    CHECK(run(event(8)) == "ok 8");
}

TEST_CASE_METHOD(fixture, "a rebase of an empty Redis begins at top 0, and keeps to the stream's length") {
    CHECK(run(rebase(0, 11, 20, 4)) == "ok 20");
    CHECK(server("XLEN", stream) == value{std::int64_t{4}});
    CHECK(run(event(20)) == "dup 20");
}

TEST_CASE_METHOD(fixture, "a rebase on another top than the one seen does nothing") {
    for (int version = 1; version <= 3; ++version) run(event(version));
    CHECK(run(rebase(2, 5, 7)) == "moved 3");
    CHECK(server("XLEN", stream) == value{std::int64_t{3}});
    CHECK(stored_snapshot() == facts(3));
}

TEST_CASE_METHOD(fixture, "a rebase never takes a stream back, nor a snapshot") {
    for (int version = 1; version <= 7; ++version) run(event(version));
    CHECK(run(rebase(7, 5, 7)) == "moved 7");
    server("SET", snapshot, facts(50));
    CHECK(run(rebase(7, 9, 10)) == "ok 10");
    CHECK(stored_snapshot() == facts(50));
}

TEST_CASE_METHOD(fixture, "of two relays that rebase at once one does") {
    running<redis::link> other{shard, server.unix_url(), "other"};
    REQUIRE(shard.reaches([&] { return other->connected(); }));
    std::vector<std::string> outcomes;
    const auto run_on = [](redis::link& on, std::vector<std::string>& into) -> runtime::task<void> {
        const auto reply = co_await eval(on, rebase(0, 5, 7));
        into.push_back(told(reply));
    };
    runtime::asio::co_spawn(shard.executor(), run_on(*redis, outcomes), runtime::asio::detached);
    runtime::asio::co_spawn(shard.executor(), run_on(*other, outcomes), runtime::asio::detached);
    REQUIRE(shard.reaches([&] { return outcomes.size() == 2; }));
    CHECK(std::set<std::string>(outcomes.begin(), outcomes.end()) == std::set<std::string>{"moved 7", "ok 7"});
    CHECK(published() == std::vector{letter(7)});
}

TEST_CASE_METHOD(fixture, "the newest snapshot wins, whoever offers it last is told it") {
    const auto put = [&](int version) {
        const auto reply = shard.await(eval(*redis, {scripts::put_snapshot, keys{snapshot}, version, facts(version)}));
        return std::string{*reply->to_text()};
    };
    CHECK(put(3) == facts(3));
    CHECK(put(2) == facts(3));
    CHECK(stored_snapshot() == facts(3));
    CHECK(put(4) == facts(4));
    CHECK(stored_snapshot() == facts(4));
    server("SET", snapshot, "garbage");
    CHECK(put(1) == facts(1));
    CHECK(server("TTL", snapshot) == value{std::int64_t{-1}});
}
