// What every store remembers of events, for admins who ask what came of them.
#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;

namespace {

std::int64_t newest_row(stores& all) { return wait(all.outbox().unpublished(100, {}))->rows.back().id; }

void mark(stores& all, std::int64_t id) {
    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all.outbox().switch_feed(fed)));
    REQUIRE(wait(all.outbox().mark_published({id}, fed)).has_value());
}

}  // namespace

TEST_CASE("an event's record says what happened, by whom, and whether it was relayed") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto event = decide(*all, user.id, "approve", "Welcome").event;
    auto record = *wait(all->events().find({user.id, 2}));
    CHECK(to_frame(record.event) == to_frame(*event));
    CHECK(record.actor == "somebody");
    CHECK(record.origin == "api");
    REQUIRE(record.outbox);
    CHECK_FALSE(record.outbox->published_at);
    CHECK_FALSE(record.outbox->parked);

    mark(*all, newest_row(*all));
    record = *wait(all->events().find({user.id, 2}));
    REQUIRE(record.outbox->published_at);
    CHECK(*record.outbox->published_at >= record.event.at);
}

TEST_CASE("a change by plain SQL has a record that says so") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    all->run_sql("UPDATE users SET status = 'active' WHERE email = 'ada@example.com'");
    const auto record = *wait(all->events().find({user.id, 2}));
    CHECK(record.event.kind == "approved");
    CHECK(record.actor == "sql");
    CHECK(record.origin == "sql");
}

TEST_CASE("a record outlives its row in the outbox") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    mark(*all, newest_row(*all));
    all->run_sql("DELETE FROM outbox");
    const auto record = *wait(all->events().find({user.id, 1}));
    CHECK(record.event.kind == "registered");
    CHECK_FALSE(record.outbox);
}

TEST_CASE("an event that never was is not found") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    CHECK(wait(all->events().find({user.id, 2})).error() == errc::not_found);
    CHECK(wait(all->events().find({user_id{make_uuid_v7()}, 1})).error() == errc::not_found);
}

TEST_CASE("rows that are parked are listed with their reasons, page by page") {
    const auto all = make_stores();
    CHECK(wait(all->events().parked(0, 10))->items.empty());
    const auto user = add_manager(*all);
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
    REQUIRE(wait(all->ledger().end(entry.who, errc::session_signed_out, user::actor{"ada"})).has_value());
    const auto rows = wait(all->outbox().unpublished(10, {}))->rows;
    REQUIRE(rows.size() == 2);
    REQUIRE(wait(all->outbox().park(rows[0].id, "WRONGTYPE")).has_value());
    REQUIRE(wait(all->outbox().park(rows[1].id, "too large")).has_value());

    const auto record = *wait(all->events().find({user.id, 1}));
    CHECK(record.outbox->parked == "WRONGTYPE");

    auto page = *wait(all->events().parked(0, 1));
    REQUIRE(page.items.size() == 1);
    CHECK(page.more);
    CHECK(page.items[0].version == 1);
    CHECK_FALSE(page.items[0].session);
    CHECK(page.items[0].user == user.id);
    CHECK(page.items[0].actor == "somebody");
    CHECK(page.items[0].reason == "WRONGTYPE");
    CHECK(page.items[0].attempts > 0);

    page = *wait(all->events().parked(page.items[0].id, 1));
    REQUIRE(page.items.size() == 1);
    CHECK_FALSE(page.more);
    CHECK_FALSE(page.items[0].version);
    CHECK(page.items[0].session == entry.who.session.text());

    // What was sent after all is parked no more.
    mark(*all, rows[0].id);
    mark(*all, rows[1].id);
    CHECK(wait(all->events().parked(0, 10))->items.empty());
}
