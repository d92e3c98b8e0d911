// What every store promises to the purger (R4, T1), and what is left for everybody else after it.
#include <algorithm>

#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto week = std::chrono::days{7};
const approval::feed_ref fed{"run", 1};

// Everything that waits becomes published, `ago`.
void publish(stores& all, std::chrono::hours ago) {
    REQUIRE(*wait(all.outbox().switch_feed(fed)));
    all.run_sql("UPDATE outbox SET published_at_ms = (SELECT now_ms FROM clock) - " +
                std::to_string(std::chrono::milliseconds{ago}.count()) + " WHERE published_at_ms IS NULL");
}

// Changes the name so many times.
void rename(stores& all, const user_facts& user, int times) {
    static int names = 0;
    std::string sql;
    for (int i = 0; i < times; ++i) {
        sql += "UPDATE users SET display_name = 'Name " + std::to_string(++names) + "' WHERE id = '" + user.id.text() + "';";
    }
    all.run_sql(sql);
}

// So many ends in the outbox, of sessions that nobody has heard of.
void add_ends(stores& all, const user_facts& user, int count) {
    all.run_sql("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < " + std::to_string(count) +
                ") INSERT INTO outbox (kind, user_id, session_id, reason, actor, at_ms) SELECT 'session_ended', '" +
                user.id.text() + "', printf('00000000-0000-4000-8000-%012x', i), 'session_signed_out', 'ada', 1 FROM n");
}

// Whole walks until nothing is left, each step bounded; how many rows went.
std::size_t purge_outbox(stores& all) {
    std::size_t deleted = 0;
    for (std::int64_t at = 0;;) {
        const auto step = *wait(all.purge().purge_outbox(at, week));
        CHECK(step.deleted <= limits::purge_rows);
        deleted += step.deleted;
        if (step.end) return deleted;
        REQUIRE(step.at > at);
        at = step.at;
    }
}

std::size_t purge_ledger(stores& all) {
    std::size_t deleted = 0;
    for (;;) {
        const auto step = *wait(all.purge().purge_ledger(24h));
        CHECK(step.deleted <= limits::purge_rows);
        deleted += step.deleted;
        if (step.end) return deleted;
    }
}

std::int64_t first_version(stores& all, const user_facts& user) {
    return wait(all.outbox().events_from({{user.id, 1}}, 1))->front().front().facts.version;
}

}  // namespace

TEST_CASE("published changes go after a while, but for the last 64 of each user") {
    const auto all = make_stores();
    const auto often = add_manager(*all);
    const auto seldom = add_manager(*all, "grace@example.com");
    rename(*all, often, 69);
    rename(*all, seldom, 2);
    publish(*all, 8 * 24h);
    CHECK(purge_outbox(*all) == 6);
    CHECK(first_version(*all, often) == 7);
    CHECK(wait(all->outbox().events_from({{often.id, 1}}, 100))->front().size() == 64);
    CHECK(wait(all->outbox().events_from({{seldom.id, 1}}, 100))->front().size() == 3);
    CHECK(purge_outbox(*all) == 0);
}

TEST_CASE("what was published lately, or was not, stays") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    rename(*all, user, 20);
    publish(*all, 8 * 24h);
    rename(*all, user, 20);
    publish(*all, 6 * 24h);
    rename(*all, user, 60);
    CHECK(purge_outbox(*all) == 21);
    CHECK(first_version(*all, user) == 22);
    CHECK(wait(all->outbox().unpublished(1'000, {}))->rows.size() == 60);
}

TEST_CASE("published ends go after a while, in steps that hold nobody up") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    add_ends(*all, user, 3'000);
    publish(*all, 8 * 24h);
    CHECK(purge_outbox(*all) == 3'000);
    CHECK(first_version(*all, user) == 1);
}

TEST_CASE("a replay misses the rows that were purged behind its cursor, and only those") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    add_ends(*all, user, 3);
    rename(*all, user, 1);
    publish(*all, 8 * 24h);
    CHECK_FALSE(*wait(all->outbox().rows_missing_after(0)));
    CHECK(purge_outbox(*all) == 3);
    CHECK(*wait(all->outbox().rows_missing_after(1)));
    CHECK(*wait(all->outbox().rows_missing_after(3)));
    CHECK_FALSE(*wait(all->outbox().rows_missing_after(4)));
    CHECK_FALSE(wait(all->outbox().standing(3))->at_cursor);
    CHECK(wait(all->outbox().standing(3))->newest == 5);
    // Ids are not used twice.
    rename(*all, user, 1);
    CHECK(wait(all->outbox().unpublished(1, {}))->rows.front().id == 6);
}

TEST_CASE("sessions go a day after their absolute expiry, and count as ended") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto begin = [&](std::chrono::seconds age) {
        const auto entry = entry_of(user, age);  // lives for an hour
        REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
        return entry.who;
    };
    const auto long_over = begin(26h);
    const auto signed_out_then = begin(26h);
    REQUIRE(wait(all->ledger().end(signed_out_then, errc::session_signed_out, user::actor{"ada"})).has_value());
    const auto over = begin(24h);
    const auto living = begin(1min);
    const auto signed_out = begin(1min);
    REQUIRE(wait(all->ledger().end(signed_out, errc::session_signed_out, user::actor{"ada"})).has_value());

    CHECK(purge_ledger(*all) == 2);
    for (const auto& gone : {long_over, signed_out_then}) CHECK_FALSE(*wait(all->ledger().find(gone)));
    for (const auto& there : {over, living, signed_out}) CHECK(*wait(all->ledger().find(there)));
    const auto devices = *wait(all->ledger().living(user.id));
    REQUIRE(devices.size() == 1);
    CHECK(devices.front().who.session == living.session);
    // A copy of Redis may still have its record: replays are told of it.
    const auto ends = *wait(all->outbox().ends_after(session_id{}, 10));
    REQUIRE(ends.size() == 1);
    CHECK(ends.front().who.session == signed_out.session);
}

TEST_CASE("many sessions go in steps that hold nobody up") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    all->run_sql("WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 300) "
                 "INSERT INTO sessions (id, user_id, epoch, signed_in_status, created_at_ms, expires_at_ms) "
                 "SELECT printf('00000000-0000-4000-8000-%012x', i), '" + user.id.text() + "', 1, 'pending', 1, 2 FROM n");
    CHECK(purge_ledger(*all) == 300);
}

TEST_CASE("of all processes one purges at a time") {
    const auto all = make_stores();
    auto other = all->purge_of_another_process();
    REQUIRE(all->purge().begin_turn());
    CHECK_FALSE(other->begin_turn());
    all->purge().end_turn();
    CHECK(other->begin_turn());
    CHECK_FALSE(all->purge().begin_turn());
    other.reset();  // it died
    CHECK(all->purge().begin_turn());
}

TEST_CASE("the age of the outbox is that of its oldest row") {
    const auto all = make_stores();
    CHECK_FALSE(*wait(all->purge().oldest_outbox_row()));
    const auto user = add_manager(*all);
    all->run_sql("UPDATE outbox SET at_ms = 12345");
    rename(*all, user, 1);
    CHECK(*wait(all->purge().oldest_outbox_row()) == from_unix_ms(12345));
}
