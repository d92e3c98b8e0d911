// The keeper of the fence with a relay, against models of Redis and the database: R6, R7.
#include "auth-service/src/approval/fence_keeper.hpp"

#include "common/runtime/task_group.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/auth/feed_models.hpp"

using namespace stagedoor;
using namespace stagedoor::approval;
using namespace std::chrono_literals;
using stagedoor::tests::feed::model_data;
using stagedoor::tests::feed::model_outbox;
using stagedoor::tests::feed::model_redis;
using stagedoor::tests::run_task;

namespace {

struct rig {
    model_outbox rows;
    model_redis redis;
    session::redis_trust trust;
    std::string told = "nothing yet";
    user_id user{make_uuid_v7()};
    session::session_ref living{user, session_id{make_uuid_v4()}};
    session::session_ref over{user, session_id{make_uuid_v4()}};

    fence seen() const { return parse_fence(redis.data.fence).value_or(fence{}); }
    bool settled() const {
        return trust.holds() && rows.all_published() && is_good(parse_fence(redis.data.fence), redis.run_id);
    }

    // Runs a node until `done`; false when that takes too long.
    template <class Done>
    bool runs_until(Done done) {
        return run_task([&](runtime::executor ex) { return run(ex, done); });
    }
    runtime::task<bool> run(runtime::executor ex, std::function<bool()> done) {
        relay feeds{ex, rows, redis, redis};
        fence_keeper keeper{ex, redis, rows, redis, feeds, trust, [this](std::string_view why) { told = why; }};
        runtime::task_group group{ex};
        group.spawn("relay", feeds.run());
        group.spawn("marker", feeds.run_marker());
        group.spawn("keeper", keeper.run());
        const auto deadline = std::chrono::steady_clock::now() + 60s;
        while (!done() && std::chrono::steady_clock::now() < deadline) co_await runtime::sleep_for(1ms);
        const bool reached = done();
        keeper.stop();
        feeds.stop();
        co_await group.join(deadline);
        co_return reached;
    }
};

}  // namespace

TEST_CASE("an empty Redis gets everything before it is believed") {
    rig r;
    for (std::int64_t v = 1; v <= 600; ++v) r.rows.add(r.user, v);
    CHECK(r.runs_until([&] { return r.settled(); }));
    CHECK(r.told.empty());
    CHECK(r.redis.top(r.user) == 600);
    CHECK(r.seen().cursor == 600);
    CHECK(r.rows.fed == feed_ref{"run", 1});
}

TEST_CASE("an older copy gets what was committed since, published or not, and ended sessions are buried in it") {
    rig r;
    r.rows.add(r.user, 1);
    r.redis.data.sessions = {{r.living.session, true}, {r.over.session, true}};
    CHECK(r.runs_until([&] { return r.settled(); }));
    const auto copy = r.redis.data;

    r.rows.add_end(r.over);
    r.rows.add(r.user, 2);
    CHECK(r.runs_until([&] { return r.settled(); }));
    const auto before = r.seen();
    CHECK_FALSE(r.redis.data.sessions.at(r.over.session));

    r.redis.restart_with(copy);
    CHECK(r.runs_until([&] { return r.settled() && r.seen().run_id == r.redis.run_id; }));
    CHECK(r.redis.data.sessions.at(r.living.session));
    CHECK_FALSE(r.redis.data.sessions.at(r.over.session));
    CHECK(r.redis.top(r.user) == 2);
    CHECK(r.seen().life != before.life);
    CHECK(r.redis.data.admins_of == r.seen().life);
    CHECK(r.seen().since > before.since);
}

TEST_CASE("an end that the outbox has lost is taken from the ledger") {
    rig r;
    r.redis.data.sessions = {{r.over.session, true}};
    r.rows.ended = {{r.over, errc::session_signed_out}};
    CHECK(r.runs_until([&] { return r.settled(); }));
    CHECK_FALSE(r.redis.data.sessions.at(r.over.session));
}

TEST_CASE("session records are dropped when rows behind the cursor are gone") {
    rig r;
    for (std::int64_t v = 1; v <= 5; ++v) r.rows.add(r.user, v);
    for (auto& each : r.rows.entries) each.published = true;
    r.rows.purged_up_to = 3;
    r.redis.data.sessions = {{r.living.session, true}, {r.over.session, true}};
    CHECK(r.runs_until([&] { return r.settled(); }));
    CHECK(r.redis.data.sessions.empty());
    CHECK(r.redis.data.streams[r.user] == std::vector<std::int64_t>{4, 5});
}

TEST_CASE("a replay is gone on with where another node died") {
    rig r;
    for (std::int64_t v = 1; v <= 4; ++v) r.rows.add(r.user, v);
    r.redis.data.streams[r.user] = {1, 2};
    r.redis.data.fence = format_fence({"run", "others", 1, {}, fence_step::send, "", 2, event_id(r.user, 2)});
    CHECK(r.runs_until([&] { return r.settled(); }));
    CHECK(r.seen().life == "others");
    CHECK(r.redis.top(r.user) == 4);
}

TEST_CASE("a wipe under a running node is made good, and ends the trust of before") {
    rig r;
    r.rows.add(r.user, 1);
    CHECK(r.runs_until([&, wiped = std::string{}]() mutable {
        if (wiped.empty() && r.settled()) {
            wiped = r.seen().life;
            r.redis.data = model_data{};
            return false;
        }
        const bool lives_again = !wiped.empty() && !r.seen().life.empty() && r.seen().life != wiped;
        return lives_again && r.settled();
    }));
    CHECK(r.redis.top(r.user) == 1);
}

TEST_CASE("a database that went back is not relayed, and the operator is told") {
    rig r;
    r.rows.add(r.user, 1);
    r.redis.data.fence = format_fence({"run", "life", 0, {}, fence_step::fed, "", 40, "other.7"});
    CHECK(r.runs_until([&] { return r.told.find("restored from a backup") != std::string::npos; }));
    // Whoever has pointed a service at the wrong one is not told to change what is in it.
    CHECK(r.told.find("check --database-url and --redis-prefix") < r.told.find("after-restore"));
    CHECK_FALSE(r.trust.holds());
    CHECK(r.redis.data.streams.empty());
}

TEST_CASE("without its database a node goes on believing the Redis it knew, as long as that takes writes") {
    rig r;
    r.rows.add(r.user, 1);
    CHECK(r.runs_until([&, stage = 0, wait_until = std::chrono::steady_clock::time_point{}]() mutable {
        const auto now = std::chrono::steady_clock::now();
        if (stage == 0 && r.settled()) {
            r.rows.failing_calls = 1'000'000;
            wait_until = now + 2 * limits::redis_trust_lease;
            stage = 1;
        } else if (stage == 1 && now >= wait_until && r.trust.holds()) {
            r.redis.away = true;
            stage = 2;
        }
        return stage == 2 && !r.trust.holds();
    }));
}

TEST_CASE("a row that Redis refuses holds up no fence, and is tried again after a replay") {
    rig r;
    for (std::int64_t v = 1; v <= 2; ++v) r.rows.add(r.user, v);
    r.redis.refused_versions = {2};
    CHECK(r.runs_until([&] { return r.settled(); }));
    CHECK(r.redis.top(r.user) == 1);
    CHECK(r.rows.entries.back().parked);
    CHECK(r.seen().cursor == 2);

    r.redis.refused_versions.clear();
    r.redis.restart_with(model_data{});
    CHECK(r.runs_until([&] { return r.settled() && r.redis.top(r.user) == 2; }));
    CHECK(r.rows.entries.back().published);
}
