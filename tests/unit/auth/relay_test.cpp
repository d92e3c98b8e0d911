// The relay against models of its two ports: an outbox with rows, and streams that follow R1.
#include "auth-service/src/approval/relay.hpp"

#include <algorithm>
#include "tests/support/catch.hpp"

#include "common/runtime/task_group.hpp"
#include "tests/support/run_task.hpp"
#include "tests/unit/auth/feed_models.hpp"

using namespace stagedoor;
using namespace stagedoor::approval;
using namespace std::chrono_literals;
using stagedoor::tests::feed::model_outbox;
using stagedoor::tests::feed::model_redis;
using stagedoor::tests::feed::event_of;
using stagedoor::tests::run_task;

namespace {

const fence whole_data{"run", "life", 0, from_unix_ms(1), fence_step::fed, "", 0, ""};

struct rig {
    model_outbox rows;
    model_redis letters;
    user_id user{make_uuid_v7()};

    runtime::task<void> until_published(runtime::executor ex, relay& under_test) {
        runtime::task_group group{ex};
        group.spawn("relay", under_test.run());
        group.spawn("marker", under_test.run_marker());
        while (!rows.all_published()) co_await runtime::sleep_for(1ms);
        under_test.stop();
        co_await group.join(std::chrono::steady_clock::now() + 30s);
    }
    void run() {
        run_task([this](runtime::executor ex) { return run_with(ex); });
    }
    runtime::task<void> run_with(runtime::executor ex) {
        rows.fed = {"run", 0};
        letters.data.fence = format_fence(whole_data);
        relay under_test{ex, rows, letters, letters};
        under_test.open(true);
        under_test.begin_life(whole_data);
        co_await until_published(ex, under_test);
    }
};

runtime::task<std::vector<delivery>> submit_one(runtime::executor ex, rig& r, outbox_row row) {
    relay under_test{ex, r.rows, r.letters, r.letters};
    under_test.open(true);
    runtime::task_group group{ex};
    group.spawn("relay", under_test.run());
    std::vector<delivery> answers;
    answers.push_back(co_await under_test.deliver(std::move(row)));
    under_test.stop();
    co_await group.join(std::chrono::steady_clock::now() + 30s);
    co_return answers;
}

runtime::task<void> submit(relay& to, outbox_row row) { co_await to.deliver(std::move(row)); }

// What a drain comes to while the outbox does not answer, with or without a row that waits behind it.
runtime::task<drained> drain_hung(runtime::executor ex, rig& r, bool submits) {
    relay under_test{ex, r.rows, r.letters, r.letters};
    under_test.open(true);
    under_test.begin_life(whole_data);
    runtime::task_group group{ex};
    r.rows.hangs = true;
    group.spawn("relay", under_test.run());
    outbox_row row{1, event_of(r.user, 1)};
    if (submits) group.spawn("submission", submit(under_test, std::move(row)));
    co_await runtime::sleep_for(1ms);
    auto outcome = co_await under_test.drain(std::chrono::steady_clock::now() + 250ms);
    r.rows.hangs = false;
    under_test.stop();
    co_await group.join(std::chrono::steady_clock::now() + 30s);
    co_return outcome;
}

runtime::task<void> submit(relay& to, std::vector<outbox_row> rows, std::vector<std::size_t>& answered) {
    const auto count = rows.size();
    const auto what = co_await to.deliver_all(std::move(rows));
    if (what == delivery::pending) answered.push_back(count);
}

// Submits all rows at once, then the last one alone; how many rows each had, in the order of their answers.
runtime::task<std::vector<std::size_t>> submit_all(runtime::executor ex, rig& r, std::vector<outbox_row> rows) {
    relay under_test{ex, r.rows, r.letters, r.letters};
    std::vector<std::size_t> answered;
    std::vector<outbox_row> last{rows.back()};
    runtime::task_group submitting{ex}, group{ex};
    group.spawn("relay", under_test.run());
    submitting.spawn("all", submit(under_test, std::move(rows), answered));
    submitting.spawn("last", submit(under_test, std::move(last), answered));
    co_await submitting.join(std::chrono::steady_clock::now() + 30s);
    under_test.stop();
    co_await group.join(std::chrono::steady_clock::now() + 30s);
    co_return answered;
}

struct waiting {
    std::uint64_t rows = 0;
    std::int64_t since_ms = 0;
};

waiting seen_in(const relay_counters& counters) { return {counters.backlog, counters.waiting_since_ms}; }

// What waits while Redis is away, and then.
runtime::task<std::pair<waiting, waiting>> wait_for_redis(runtime::executor ex, rig& r) {
    r.rows.fed = {"run", 0};
    r.letters.data.fence = format_fence(whole_data);
    r.letters.failing_calls = 1'000'000;
    relay under_test{ex, r.rows, r.letters, r.letters};
    under_test.open(true);
    under_test.begin_life(whole_data);
    runtime::task_group group{ex};
    group.spawn("relay", under_test.run());
    group.spawn("marker", under_test.run_marker());
    while (under_test.counters().failed == 0) co_await runtime::sleep_for(1ms);
    const auto away = seen_in(under_test.counters());
    r.letters.failing_calls = 0;
    while (!r.rows.all_published()) co_await runtime::sleep_for(1ms);
    const auto back = seen_in(under_test.counters());
    under_test.stop();
    co_await group.join(std::chrono::steady_clock::now() + 30s);
    co_return std::pair{away, back};
}

}  // namespace

TEST_CASE("the relay tells how many rows wait, and since when the oldest does") {
    rig r;
    for (std::int64_t v = 7; v <= 9; ++v) r.rows.add(r.user, v);
    r.rows.purged_below = 7;
    const auto [away, back] = run_task([&](runtime::executor ex) { return wait_for_redis(ex, r); });
    CHECK(away.rows == 3);
    CHECK(away.since_ms == 7);  // event_of() dates each by its version
    CHECK(back.rows == 0);
    CHECK(back.since_ms == 0);
}

TEST_CASE("the relay carries every row to its user in order, and marks it") {
    rig r;
    for (std::int64_t v = 1; v <= 700; ++v) r.rows.add(r.user, v);
    r.run();
    CHECK(r.letters.data.streams[r.user].size() == 700);
    CHECK(std::ranges::is_sorted(r.letters.data.streams[r.user]));
}

TEST_CASE("the relay tries again what Redis did not take") {
    rig r;
    for (std::int64_t v = 1; v <= 3; ++v) r.rows.add(r.user, v);
    r.letters.failing_calls = 2;
    r.run();
    CHECK(r.letters.data.streams[r.user] == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("a stream that lost its past gets it back from the outbox before a new letter") {
    rig r;
    for (std::int64_t v = 1; v <= 200; ++v) r.rows.add(r.user, v);
    for (auto& each : r.rows.entries) each.published = true;
    r.rows.entries.back().published = false;  // Redis was wiped after version 199
    r.run();
    CHECK(r.letters.data.streams[r.user].size() == 200);
}

TEST_CASE("streams of many people that lack their past get it back together, not one after the other") {
    rig r;
    std::vector<user_id> users;
    for (int i = 0; i < 100; ++i) {
        users.push_back(user_id{make_uuid_v7()});
        const auto changes = 1 + i % 3;
        for (std::int64_t v = 1; v <= changes; ++v) r.rows.add(users.back(), v);
    }
    for (auto& each : r.rows.entries) each.published = true;
    for (const auto& user : users) {
        r.rows.add(user, static_cast<std::int64_t>(2 + (&user - users.data()) % 3));
    }
    r.run();
    for (const auto& user : users) {
        const auto& stream = r.letters.data.streams[user];
        CHECK(stream.size() == static_cast<std::size_t>(2 + (&user - users.data()) % 3));
        CHECK(std::ranges::is_sorted(stream));
    }
    CHECK(r.rows.reads_of_events <= 4);
}

TEST_CASE("a stream whose past was purged begins anew where the outbox does") {
    rig r;
    for (std::int64_t v = 1; v <= 10; ++v) r.rows.add(r.user, v);
    for (auto& each : r.rows.entries) each.published = true;
    r.rows.entries.back().published = false;
    r.rows.purged_below = 6;
    r.run();
    CHECK(r.letters.data.streams[r.user] == std::vector<std::int64_t>{6, 7, 8, 9, 10});
}

TEST_CASE("one user's missing letter holds up nobody else") {
    rig r;
    const user_id other{make_uuid_v7()};
    r.rows.add(r.user, 2);  // version 1 is nowhere
    r.rows.purged_below = 3;
    r.rows.add(other, 1);
    run_task([&](runtime::executor ex) -> runtime::task<void> {
        return [](runtime::executor e, rig& rr, user_id o) -> runtime::task<void> {
            relay under_test{e, rr.rows, rr.letters, rr.letters};
            under_test.open(true);
            under_test.begin_life(whole_data);
            runtime::task_group group{e};
            group.spawn("relay", under_test.run());
            while (rr.letters.top(o) != 1) co_await runtime::sleep_for(1ms);
            under_test.stop();
            co_await group.join(std::chrono::steady_clock::now() + 30s);
        }(ex, r, other);
    });
    CHECK(r.letters.top(r.user) == 0);
}

TEST_CASE("a row that Redis refuses again and again is parked, and holds up nobody") {
    rig r;
    const user_id other{make_uuid_v7()};
    r.rows.add(r.user, 1);
    r.rows.add(other, 2);
    r.rows.purged_below = 2;
    r.letters.refused_versions = {1};
    r.run();
    CHECK(r.rows.entries[0].parked);
    CHECK_FALSE(r.rows.entries[0].published);
    CHECK(r.rows.entries[1].published);
}

TEST_CASE("an outage parks nothing, however long it is") {
    rig r;
    r.rows.add(r.user, 1);
    r.letters.failing_calls = 20;
    r.run();
    CHECK(r.rows.entries[0].published);
}

TEST_CASE("who submits a row learns that it was relayed, or that it is pending") {
    rig r;
    const outbox_row row{1, event_of(r.user, 1)};
    SECTION("relayed") {
        const auto answers = run_task([&](runtime::executor ex) { return submit_one(ex, r, row); });
        CHECK(answers == std::vector{delivery::relayed});
    }
    SECTION("pending") {
        r.letters.failing_calls = 1'000'000;
        const auto answers = run_task([&](runtime::executor ex) { return submit_one(ex, r, row); });
        CHECK(answers == std::vector{delivery::pending});
        CHECK(r.letters.top(r.user) == 0);
    }
    SECTION("relayed before by another instance") {
        r.letters.data.streams[r.user] = {1};
        const auto answers = run_task([&](runtime::executor ex) { return submit_one(ex, r, row); });
        CHECK(answers == std::vector{delivery::relayed});
    }
}

TEST_CASE("a database that does not answer is away only while nobody has submitted a commit") {
    rig r;
    r.letters.away = true;
    CHECK(run_task([&](runtime::executor ex) { return drain_hung(ex, r, false); }).how == drained::outcome::database_away);
    CHECK(run_task([&](runtime::executor ex) { return drain_hung(ex, r, true); }).how == drained::outcome::not_all);
}

TEST_CASE("several rows that Redis does not take are given up together, not one after the other") {
    rig r;
    std::vector<outbox_row> rows;
    for (std::int64_t v = 1; v <= 3; ++v) {
        r.rows.add(r.user, v);
        rows.push_back(r.rows.entries.back().row);
    }
    const auto answered = run_task([&](runtime::executor ex) { return submit_all(ex, r, rows); });
    CHECK(answered == std::vector<std::size_t>{3, 1});
}
