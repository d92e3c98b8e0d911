// The relay against models of its two ports: an outbox with rows, and streams that follow R1.
#include "auth-service/src/approval/relay.hpp"

#include <algorithm>
#include "tests/support/catch.hpp"
#include <map>

#include "common/runtime/task_group.hpp"
#include "tests/support/run_task.hpp"

using namespace stagedoor;
using namespace stagedoor::approval;
using namespace std::chrono_literals;
using stagedoor::tests::run_task;

namespace {

user_event event_of(const user_id& user, std::int64_t version) {
    user_facts facts;
    facts.id = user;
    facts.version = version;
    facts.epoch = 1;
    return {"updated", facts, std::nullopt, "", from_unix_ms(version)};
}

struct model_outbox final : outbox {
    struct entry {
        outbox_row row;
        bool published = false;
    };
    std::vector<entry> entries;
    std::int64_t purged_below = 0;  // versions that are gone
    std::int64_t feed = 1;

    void add(const user_id& user, std::int64_t version) {
        entries.push_back({{static_cast<std::int64_t>(entries.size()) + 1, event_of(user, version)}});
    }
    bool all_published() const {
        return std::ranges::all_of(entries, [](const entry& e) { return e.published; });
    }

    runtime::task<result<outbox_scan>> unpublished(std::size_t most) override {
        outbox_scan found;
        found.newest.id = static_cast<std::int64_t>(entries.size());
        for (const auto& each : entries) {
            if (!each.published && found.rows.size() < most) found.rows.push_back(each.row);
        }
        co_return found;
    }
    runtime::task<result<std::vector<user_event>>> events_from(user_id user, std::int64_t version,
                                                               std::size_t most) override {
        std::vector<user_event> events;
        for (const auto& each : entries) {
            const auto& event = std::get<user_event>(each.row.what);
            const bool wanted = event.facts.id == user && event.facts.version >= std::max(version, purged_below);
            if (wanted && events.size() < most) events.push_back(event);
        }
        co_return events;
    }
    runtime::task<result<void>> mark_published(std::vector<std::int64_t> ids, feed_ref to) override {
        if (to.feed != feed) co_return result<void>{};
        for (const auto id : ids) entries[static_cast<std::size_t>(id - 1)].published = true;
        co_return result<void>{};
    }
    runtime::task<result<feed_ref>> switch_feed(std::string run_id) override {
        co_return feed_ref{std::move(run_id), ++feed};
    }
};

struct model_mailbox final : mailbox {
    std::map<user_id, std::vector<std::int64_t>> streams;
    std::vector<std::string> admin_seen;
    int failing_calls = 0;

    std::int64_t top(const user_id& user) { return streams[user].empty() ? 0 : streams[user].back(); }

    result<posted> append(const user_event& event) {
        auto& stream = streams[event.facts.id];
        const auto newest = top(event.facts.id);
        if (newest >= event.facts.version) return posted{posted::outcome::dup, newest};
        if (newest + 1 != event.facts.version) return posted{posted::outcome::gap, newest};
        stream.push_back(event.facts.version);
        return posted{posted::outcome::ok, event.facts.version};
    }
    runtime::task<std::vector<result<posted>>> post(std::vector<outbox_row> rows) override {
        std::vector<result<posted>> results;
        const bool fails = failing_calls > 0 && failing_calls-- > 0;
        for (const auto& row : rows) {
            results.push_back(fails ? result<posted>{errc::redis_unavailable} : append(std::get<user_event>(row.what)));
        }
        co_return results;
    }
    runtime::task<std::vector<result<posted>>> post_again(std::vector<user_event> events) override {
        std::vector<result<posted>> results;
        for (const auto& event : events) results.push_back(append(event));
        co_return results;
    }
    runtime::task<result<bool>> rebase(std::int64_t seen_top, std::vector<user_event> run) override {
        const auto user = run.front().facts.id;
        if (top(user) != seen_top) co_return false;
        streams[user].clear();
        for (const auto& event : run) streams[user].push_back(event.facts.version);
        co_return true;
    }
};

const fence whole_data{"run", "life", 1, from_unix_ms(1), fence_step::fed, "", 0, ""};

struct model_fences final : fence_store {
    std::optional<fence> there = whole_data;

    instant now() const override { return from_unix_ms(1); }
    runtime::task<result<fence_sight>> read() override {
        co_return fence_sight{"run", there ? format_fence(*there) : std::string{}, there};
    }
    runtime::task<result<bool>> swap(std::string expected, fence next) override {
        if (expected != (there ? format_fence(*there) : std::string{})) co_return false;
        there = std::move(next);
        co_return true;
    }
};

struct rig {
    model_outbox rows;
    model_mailbox letters;
    model_fences fences;
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
        relay under_test{ex, rows, letters, fences};
        under_test.begin_life(whole_data);
        co_await until_published(ex, under_test);
    }
};

runtime::task<std::vector<delivery>> submit_one(runtime::executor ex, rig& r, outbox_row row) {
    relay under_test{ex, r.rows, r.letters, r.fences};
    runtime::task_group group{ex};
    group.spawn("relay", under_test.run());
    std::vector<delivery> answers;
    answers.push_back(co_await under_test.deliver(std::move(row)));
    under_test.stop();
    co_await group.join(std::chrono::steady_clock::now() + 30s);
    co_return answers;
}

}  // namespace

TEST_CASE("the relay carries every row to its user in order, and marks it") {
    rig r;
    for (std::int64_t v = 1; v <= 700; ++v) r.rows.add(r.user, v);
    r.run();
    CHECK(r.letters.streams[r.user].size() == 700);
    CHECK(std::ranges::is_sorted(r.letters.streams[r.user]));
}

TEST_CASE("the relay tries again what Redis did not take") {
    rig r;
    for (std::int64_t v = 1; v <= 3; ++v) r.rows.add(r.user, v);
    r.letters.failing_calls = 2;
    r.run();
    CHECK(r.letters.streams[r.user] == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("a stream that lost its past gets it back from the outbox before a new letter") {
    rig r;
    for (std::int64_t v = 1; v <= 200; ++v) r.rows.add(r.user, v);
    for (auto& each : r.rows.entries) each.published = true;
    r.rows.entries.back().published = false;  // Redis was wiped after version 199
    r.run();
    CHECK(r.letters.streams[r.user].size() == 200);
}

TEST_CASE("a stream whose past was purged begins anew where the outbox does") {
    rig r;
    for (std::int64_t v = 1; v <= 10; ++v) r.rows.add(r.user, v);
    for (auto& each : r.rows.entries) each.published = true;
    r.rows.entries.back().published = false;
    r.rows.purged_below = 6;
    r.run();
    CHECK(r.letters.streams[r.user] == std::vector<std::int64_t>{6, 7, 8, 9, 10});
}

TEST_CASE("one user's missing letter holds up nobody else") {
    rig r;
    const user_id other{make_uuid_v7()};
    r.rows.add(r.user, 2);  // version 1 is nowhere
    r.rows.purged_below = 3;
    r.rows.add(other, 1);
    run_task([&](runtime::executor ex) -> runtime::task<void> {
        return [](runtime::executor e, rig& rr, user_id o) -> runtime::task<void> {
            relay under_test{e, rr.rows, rr.letters, rr.fences};
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
        r.letters.streams[r.user] = {1};
        const auto answers = run_task([&](runtime::executor ex) { return submit_one(ex, r, row); });
        CHECK(answers == std::vector{delivery::relayed});
    }
}
