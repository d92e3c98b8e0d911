// What every store promises to the relay and the keeper of the fence: the outbox, the feed, what a cursor is worth.
#include <algorithm>
#include <set>

#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;

namespace {

std::vector<std::int64_t> ids_of(const std::vector<approval::outbox_row>& rows) {
    std::vector<std::int64_t> ids;
    for (const auto& row : rows) ids.push_back(row.id);
    return ids;
}

}  // namespace

TEST_CASE("the outbox gives rows until they are marked, in order") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    decide(*all, user.id, "approve");
    all->run_sql("UPDATE users SET status = 'suspended' WHERE email = 'ada@example.com'");
    const auto rows = wait(all->outbox().unpublished(10, {}))->rows;
    REQUIRE(rows.size() == 3);
    CHECK(std::get<user_event>(rows[2].what).kind == "suspended");
    CHECK(ids_of(wait(all->outbox().unpublished(2, {}))->rows) == std::vector{rows[0].id, rows[1].id});

    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all->outbox().switch_feed(fed)));
    const auto but = [&](approval::id_ranges known) { return ids_of(wait(all->outbox().unpublished(10, known))->rows); };
    CHECK(but({rows[1].id}) == std::vector{rows[0].id, rows[2].id});
    CHECK(but({rows[0].id, rows[1].id, rows[2].id, 99}).empty());
    CHECK(ids_of(wait(all->outbox().unpublished(1, {rows[0].id}))->rows) == std::vector{rows[1].id});
    REQUIRE(wait(all->outbox().mark_published({rows[0].id, rows[2].id}, fed)).has_value());
    CHECK(ids_of(wait(all->outbox().unpublished(10, {}))->rows) == std::vector{rows[1].id});
}

TEST_CASE("a user's events are given from any version on, published or not") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    for (const auto* step : {"approve", "suspend", "reinstate"}) decide(*all, user.id, step);
    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all->outbox().switch_feed(fed)));
    REQUIRE(wait(all->outbox().mark_published(ids_of(wait(all->outbox().unpublished(10, {}))->rows), fed)).has_value());
    const auto events = wait(all->outbox().events_from({{user.id, 2}}, 10))->front();
    REQUIRE(events.size() == 3);
    CHECK(events.front().facts.version == 2);
    CHECK(events.back().kind == "reinstated");
    CHECK(wait(all->outbox().events_from({{user.id, 1}}, 2))->front().size() == 2);
    CHECK(wait(all->outbox().events_from({{user.id, 5}}, 10))->front().empty());
}

TEST_CASE("a relay that feeds another Redis than the database says marks nothing") {
    const auto all = make_stores();
    add_manager(*all);
    const approval::feed_ref before{"one", 1};
    const approval::feed_ref now{"other", 2};
    CHECK(*wait(all->outbox().switch_feed(before)));
    CHECK(*wait(all->outbox().switch_feed(now)));
    const auto ids = ids_of(wait(all->outbox().unpublished(10, {}))->rows);
    REQUIRE(wait(all->outbox().mark_published(ids, before)).has_value());
    CHECK(wait(all->outbox().unpublished(10, {}))->rows.size() == 1);
    REQUIRE(wait(all->outbox().mark_published(ids, now)).has_value());
    CHECK(wait(all->outbox().unpublished(10, {}))->rows.empty());
}

TEST_CASE("a scan tells the newest row of all, published or not, and what it is about") {
    const auto all = make_stores();
    CHECK(wait(all->outbox().unpublished(10, {}))->newest == approval::outbox_mark{});
    const auto user = add_manager(*all);
    auto found = *wait(all->outbox().unpublished(0, {}));
    CHECK(found.newest == approval::outbox_mark{1, user.id.text() + ".1"});
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
    REQUIRE(wait(all->ledger().end(entry.who, errc::session_signed_out, user::actor{"ada"})).has_value());
    found = *wait(all->outbox().unpublished(1, {}));
    CHECK(found.newest == approval::outbox_mark{2, entry.who.session.text()});
}

TEST_CASE("the feed is switched one count at a time, so that of two who switch one knows that it came late") {
    const auto all = make_stores();
    const auto switched = [&](const char* run_id, std::int64_t feed) {
        return *wait(all->outbox().switch_feed({run_id, feed}));
    };
    CHECK(switched("one", 1));
    CHECK(switched("one", 1));
    CHECK_FALSE(switched("other", 1));
    CHECK_FALSE(switched("other", 3));
    CHECK(switched("other", 2));
    CHECK_FALSE(switched("one", 1));
    CHECK(wait(all->outbox().standing(0))->fed == approval::feed_ref{"other", 2});
}

TEST_CASE("the database says what it knows of a cursor") {
    const auto all = make_stores();
    CHECK(wait(all->outbox().standing(0))->newest == 0);
    const auto user = add_manager(*all);
    decide(*all, user.id, "approve");
    const auto known = *wait(all->outbox().standing(2));
    CHECK(known.newest == 2);
    CHECK(known.at_cursor == user.id.text() + ".2");
    CHECK_FALSE(wait(all->outbox().standing(3))->at_cursor);
}

TEST_CASE("rows behind a cursor are given published or not, without those that are parked, and missing ones are noticed") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    for (const auto* step : {"approve", "suspend", "reinstate"}) decide(*all, user.id, step);
    REQUIRE(*wait(all->outbox().switch_feed({"run", 1})));
    REQUIRE(wait(all->outbox().mark_published({1, 2}, {"run", 1})).has_value());
    REQUIRE(wait(all->outbox().park(3, "because")).has_value());
    CHECK(ids_of(*wait(all->outbox().rows_after(1, 10))) == std::vector<std::int64_t>{2, 4});
    CHECK(ids_of(*wait(all->outbox().rows_after(0, 1))) == std::vector<std::int64_t>{1});
    CHECK(wait(all->outbox().rows_after(4, 10))->empty());
    CHECK(ids_of(wait(all->outbox().unpublished(10, {}))->rows) == std::vector<std::int64_t>{4});

    CHECK_FALSE(*wait(all->outbox().rows_missing_after(0)));
    all->run_sql("DELETE FROM outbox WHERE id = 2");
    CHECK(*wait(all->outbox().rows_missing_after(1)));
    CHECK_FALSE(*wait(all->outbox().rows_missing_after(2)));

    // A replay gives what is parked another chance.
    REQUIRE(*wait(all->outbox().switch_feed({"run", 2})));
    CHECK(ids_of(wait(all->outbox().unpublished(10, {}))->rows) == std::vector<std::int64_t>{3, 4});
}

TEST_CASE("the ledger gives the sessions that ended before their time, in steps") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    std::vector<session::session_ref> made;
    for (int i = 0; i < 5; ++i) {
        const auto entry = entry_of(user);
        REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
        made.push_back(entry.who);
        if (i > 0) REQUIRE(wait(all->ledger().end(entry.who, errc::session_signed_out, user::actor{"ada"})).has_value());
    }
    std::vector<session_id> found;
    session_id after{};
    for (;;) {
        const auto step = *wait(all->outbox().ends_after(after, 3));
        for (const auto& each : step) {
            CHECK(each.who.user == user.id);
            CHECK(each.reason == errc::session_signed_out);
            found.push_back(each.who.session);
        }
        if (step.empty()) break;
        after = step.back().who.session;
    }
    CHECK(found.size() == 4);
    CHECK(std::is_sorted(found.begin(), found.end()));
    CHECK(std::find(found.begin(), found.end(), made[0].session) == found.end());
}
