#include "tests/contract/store/stores.hpp"

#include <algorithm>
#include <set>

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;

namespace {

const user::actor somebody{"somebody"};

user::new_user new_manager(const std::string& email) {
    user::new_user made;
    made.id = user_id{make_uuid_v7()};
    made.email = email;
    made.display_name = "Ada";
    made.password_hash = "hash";
    return made;
}

user_facts add_manager(stores& all, const std::string& email = "ada@example.com") {
    return wait(all.users().create(new_manager(email), somebody))->facts;
}

approval::transition_outcome decide(stores& all, const user_id& user, std::string_view action,
                                    const std::string& reason = "") {
    const auto outcome = wait(all.approvals().apply({user, find_transition(action), reason}, somebody));
    REQUIRE(outcome.has_value());
    return *outcome;
}

session::ledger_entry entry_of(const user_facts& user) {
    const auto now = system_now();
    return {{user.id, session_id{make_uuid_v4()}}, user.epoch, user.status, now, now + std::chrono::hours{1}, "Firefox",
            "127.0.0.1"};
}

std::vector<std::int64_t> ids_of(const std::vector<approval::outbox_row>& rows) {
    std::vector<std::int64_t> ids;
    for (const auto& row : rows) ids.push_back(row.id);
    return ids;
}

}  // namespace

TEST_CASE("a new user is found by id and by e-mail, and is told of") {
    const auto all = make_stores();
    const auto wanted = new_manager("ada@example.com");
    const auto created = wait(all->users().create(wanted, somebody));
    REQUIRE(created.has_value());
    CHECK(created->facts.status == user_status::pending);
    CHECK(created->facts.version == 1);
    REQUIRE(created->event);
    CHECK(created->event->kind == "registered");
    CHECK(created->event->facts == created->facts);
    CHECK(*wait(all->users().find(wanted.id)) == created->facts);
    const auto credentials = *wait(all->users().find_credentials("ada@example.com"));
    REQUIRE(credentials);
    CHECK(credentials->facts == created->facts);
    CHECK(credentials->password_hash == "hash");
    CHECK_FALSE(*wait(all->users().find_credentials("nobody@example.com")));
    CHECK(wait(all->users().find(user_id{make_uuid_v7()})).error() == errc::not_found);
}

TEST_CASE("an e-mail is taken once") {
    const auto all = make_stores();
    add_manager(*all);
    CHECK(wait(all->users().create(new_manager("ada@example.com"), somebody)).error() == errc::email_taken);
    CHECK(wait(all->outbox().unpublished(10))->rows.size() == 1);
}

TEST_CASE("a profile begins empty, takes what is given and keeps the rest") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    CHECK(wait(all->users().find_profile(user.id))->phone.empty());
    user::profile_patch patch;
    patch.phone = "123";
    patch.bio = "line\nline";
    const auto first = wait(all->users().update_profile(user.id, patch, somebody));
    REQUIRE(first.has_value());
    CHECK_FALSE(first->user.event);
    user::profile_patch rename;
    rename.display_name = "Ada L.";
    rename.company = "The Globe";
    const auto second = wait(all->users().update_profile(user.id, rename, somebody));
    REQUIRE(second.has_value());
    CHECK(second->profile.phone == "123");
    CHECK(second->profile.company == "The Globe");
    CHECK(second->user.facts.display_name == "Ada L.");
    CHECK(second->user.facts.version == 2);
    REQUIRE(second->user.event);
    CHECK(second->user.event->kind == "updated");
    user::profile_patch nothing;
    nothing.display_name = "Ada L.";
    CHECK(wait(all->users().update_profile(user.id, nothing, somebody))->user.facts.version == 2);
}

TEST_CASE("a hash is replaced only while it is the one that was verified") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    CHECK(wait(all->users().rehash(user.id, "other", "new")).has_value());
    CHECK((*wait(all->users().find_credentials("ada@example.com")))->password_hash == "hash");
    CHECK(wait(all->users().rehash(user.id, "hash", "new")).has_value());
    CHECK((*wait(all->users().find_credentials("ada@example.com")))->password_hash == "new");
    CHECK(wait(all->users().find(user.id))->version == 1);
}

TEST_CASE("a transition changes the status once, and says so when it is repeated") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto first = decide(*all, user.id, "approve", "Welcome");
    CHECK(first.applied);
    CHECK(first.changed);
    CHECK(first.facts.status == user_status::active);
    REQUIRE(first.event);
    CHECK(first.event->kind == "approved");
    CHECK(first.event->previous_status == user_status::pending);
    CHECK(first.event->reason == "Welcome");

    const auto again = decide(*all, user.id, "approve", "Something else");
    CHECK(again.applied);
    CHECK_FALSE(again.changed);
    REQUIRE(again.event);
    CHECK(again.event->reason == "Welcome");
    CHECK(again.outbox_id == first.outbox_id);
    CHECK(wait(all->users().find(user.id))->version == 2);
}

TEST_CASE("a repeated transition is still answered after the outbox was purged") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    decide(*all, user.id, "approve");
    all->run_sql("DELETE FROM outbox");
    const auto again = decide(*all, user.id, "approve");
    CHECK(again.applied);
    REQUIRE(again.event);
    CHECK(again.event->kind == "approved");
}

TEST_CASE("every transition is allowed from its own status only") {
    const std::vector<std::pair<user_status, std::vector<std::string_view>>> ways{
        {user_status::pending, {}},
        {user_status::active, {"approve"}},
        {user_status::rejected, {"reject"}},
        {user_status::suspended, {"approve", "suspend"}},
    };
    for (const auto& [status, way] : ways) {
        for (const auto& row : transition_table) {
            const auto all = make_stores();
            const auto user = add_manager(*all);
            for (const auto step : way) decide(*all, user.id, step);
            const bool repeated = !way.empty() && way.back() == row.action;
            INFO(row.action << " of " << to_string(status));
            const auto outcome = decide(*all, user.id, row.action);
            CHECK(outcome.applied == (row.from == status || repeated));
            CHECK(outcome.changed == (row.from == status));
        }
    }
}

TEST_CASE("reaching a status by another way is no repetition") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    for (const auto* step : {"approve", "suspend", "reinstate"}) decide(*all, user.id, step);
    CHECK_FALSE(decide(*all, user.id, "approve").applied);
    CHECK(decide(*all, user.id, "reinstate").applied);
}

TEST_CASE("a suspension ends every session by the epoch") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    decide(*all, user.id, "approve");
    CHECK(decide(*all, user.id, "suspend").facts.epoch == user.epoch + 1);
    CHECK(decide(*all, user.id, "reinstate").facts.epoch == user.epoch + 1);
}

TEST_CASE("nobody decides about admins or about people who do not exist") {
    const auto all = make_stores();
    auto boss = new_manager("boss@example.com");
    boss.role = user_role::admin;
    boss.status = user_status::active;
    REQUIRE(wait(all->users().create(boss, somebody)).has_value());
    const auto* const suspend = find_transition("suspend");
    CHECK(wait(all->approvals().apply({boss.id, suspend, ""}, somebody)).error() == errc::not_found);
    CHECK(wait(all->approvals().apply({user_id{make_uuid_v7()}, suspend, ""}, somebody)).error() == errc::not_found);
}

TEST_CASE("the list pages through all stage managers, newest first, and counts them by status") {
    const auto all = make_stores();
    std::vector<user_id> made;
    for (int i = 0; i < 7; ++i) made.push_back(add_manager(*all, std::to_string(i) + "@example.com").id);
    auto boss = new_manager("boss@example.com");
    boss.role = user_role::admin;
    boss.status = user_status::active;
    REQUIRE(wait(all->users().create(boss, somebody)).has_value());
    decide(*all, made[3], "approve");

    std::vector<user_id> seen;
    approval::list_query query;
    query.limit = 3;
    for (;;) {
        const auto page = *wait(all->approvals().list(query));
        CHECK(page.totals.at(user_status::pending) == 6);
        CHECK(page.totals.at(user_status::active) == 1);
        CHECK(page.totals.at(user_status::rejected) == 0);
        for (const auto& item : page.items) seen.push_back(item.facts.id);
        if (!page.more) break;
        query.before = seen.back();
    }
    std::sort(made.rbegin(), made.rend());
    CHECK(std::set(seen.begin(), seen.end()) == std::set(made.begin(), made.end()));
    CHECK(std::is_sorted(seen.rbegin(), seen.rend()));

    approval::list_query active;
    active.status = user_status::active;
    CHECK(wait(all->approvals().list(active))->items.size() == 1);
}

TEST_CASE("the list is searched literally in e-mails and names") {
    const auto all = make_stores();
    add_manager(*all, "a_b@example.com");
    add_manager(*all, "axb@example.com");
    const auto found = [&](const std::string& text) {
        approval::list_query query;
        query.search = text;
        return wait(all->approvals().list(query))->items.size();
    };
    CHECK(found("a_b") == 1);
    CHECK(found("ADA") == 2);
    CHECK(found("%") == 0);
    CHECK(found("'; DROP TABLE users; --") == 0);
}

TEST_CASE("a session begins once, ends once and stays ended") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32)).has_value());
    auto state = *wait(all->ledger().find(entry.who));
    REQUIRE(state);
    CHECK_FALSE(state->ended);
    CHECK(state->facts == user);
    CHECK(state->entry.device == "Firefox");
    CHECK(to_unix_ms(state->entry.expires_at) == to_unix_ms(entry.expires_at));

    const auto outbox_id = *wait(all->ledger().end(entry.who, errc::session_signed_out, "ada"));
    CHECK(outbox_id > 0);
    CHECK(*wait(all->ledger().end(entry.who, errc::session_revoked, "ada")) == 0);
    CHECK((*wait(all->ledger().find(entry.who)))->ended == errc::session_signed_out);

    const auto rows = wait(all->outbox().unpublished(10))->rows;
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].id == outbox_id);
    const auto& told = std::get<approval::ended_session>(rows[1].what);
    CHECK(told.who == entry.who);
    CHECK(told.reason == errc::session_signed_out);
}

TEST_CASE("a session is nobody else's") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto other = add_manager(*all, "other@example.com");
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32)).has_value());
    CHECK_FALSE(*wait(all->ledger().find({other.id, entry.who.session})));
    CHECK(*wait(all->ledger().end({other.id, entry.who.session}, errc::session_revoked, "x")) == 0);
}

TEST_CASE("the outbox gives rows until they are marked, in order") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    decide(*all, user.id, "approve");
    all->run_sql("UPDATE users SET status = 'suspended' WHERE email = 'ada@example.com'");
    const auto rows = wait(all->outbox().unpublished(10))->rows;
    REQUIRE(rows.size() == 3);
    CHECK(std::get<user_event>(rows[2].what).kind == "suspended");
    CHECK(ids_of(wait(all->outbox().unpublished(2))->rows) == std::vector{rows[0].id, rows[1].id});

    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all->outbox().switch_feed(fed)));
    REQUIRE(wait(all->outbox().mark_published({rows[0].id, rows[2].id}, fed)).has_value());
    CHECK(ids_of(wait(all->outbox().unpublished(10))->rows) == std::vector{rows[1].id});
}

TEST_CASE("a user's events are given from any version on, published or not") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    for (const auto* step : {"approve", "suspend", "reinstate"}) decide(*all, user.id, step);
    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all->outbox().switch_feed(fed)));
    REQUIRE(wait(all->outbox().mark_published(ids_of(wait(all->outbox().unpublished(10))->rows), fed)).has_value());
    const auto events = *wait(all->outbox().events_from(user.id, 2, 10));
    REQUIRE(events.size() == 3);
    CHECK(events.front().facts.version == 2);
    CHECK(events.back().kind == "reinstated");
    CHECK(wait(all->outbox().events_from(user.id, 1, 2))->size() == 2);
    CHECK(wait(all->outbox().events_from(user.id, 5, 10))->empty());
}

TEST_CASE("a relay that feeds another Redis than the database says marks nothing") {
    const auto all = make_stores();
    add_manager(*all);
    const approval::feed_ref before{"one", 1};
    const approval::feed_ref now{"other", 2};
    CHECK(*wait(all->outbox().switch_feed(before)));
    CHECK(*wait(all->outbox().switch_feed(now)));
    const auto ids = ids_of(wait(all->outbox().unpublished(10))->rows);
    REQUIRE(wait(all->outbox().mark_published(ids, before)).has_value());
    CHECK(wait(all->outbox().unpublished(10))->rows.size() == 1);
    REQUIRE(wait(all->outbox().mark_published(ids, now)).has_value());
    CHECK(wait(all->outbox().unpublished(10))->rows.empty());
}

TEST_CASE("a scan tells the newest row of all, published or not, and what it is about") {
    const auto all = make_stores();
    CHECK(wait(all->outbox().unpublished(10))->newest == approval::outbox_mark{});
    const auto user = add_manager(*all);
    auto found = *wait(all->outbox().unpublished(0));
    CHECK(found.newest == approval::outbox_mark{1, user.id.text() + ".1"});
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32)).has_value());
    REQUIRE(wait(all->ledger().end(entry.who, errc::session_signed_out, "ada")).has_value());
    found = *wait(all->outbox().unpublished(1));
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
    CHECK(ids_of(wait(all->outbox().unpublished(10))->rows) == std::vector<std::int64_t>{4});

    CHECK_FALSE(*wait(all->outbox().rows_missing_after(0)));
    all->run_sql("DELETE FROM outbox WHERE id = 2");
    CHECK(*wait(all->outbox().rows_missing_after(1)));
    CHECK_FALSE(*wait(all->outbox().rows_missing_after(2)));

    // A replay gives what is parked another chance.
    REQUIRE(*wait(all->outbox().switch_feed({"run", 2})));
    CHECK(ids_of(wait(all->outbox().unpublished(10))->rows) == std::vector<std::int64_t>{3, 4});
}

TEST_CASE("the ledger gives the sessions that ended before their time, in steps") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    std::vector<session::session_ref> made;
    for (int i = 0; i < 5; ++i) {
        const auto entry = entry_of(user);
        REQUIRE(wait(all->ledger().begin(entry, 32)).has_value());
        made.push_back(entry.who);
        if (i > 0) REQUIRE(wait(all->ledger().end(entry.who, errc::session_signed_out, "ada")).has_value());
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
