// What every store promises about accounts, decisions and the beginning and end of sessions.
#include <algorithm>
#include <set>

#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using outcome_kind = approval::transition_outcome::kind;

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
    CHECK(wait(all->outbox().unpublished(10, {}))->rows.size() == 1);
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
    CHECK(first.what == outcome_kind::done);
    CHECK(first.facts.status == user_status::active);
    REQUIRE(first.event);
    CHECK(first.event->kind == "approved");
    CHECK(first.event->previous_status == user_status::pending);
    CHECK(first.event->reason == "Welcome");

    const auto again = decide(*all, user.id, "approve", "Something else");
    CHECK(again.what == outcome_kind::already);
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
    CHECK(again.what == outcome_kind::already);
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
            CHECK(outcome.what == (row.from == status ? outcome_kind::done
                                   : repeated         ? outcome_kind::already
                                                      : outcome_kind::not_allowed));
        }
    }
}

TEST_CASE("reaching a status by another way is no repetition") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    for (const auto* step : {"approve", "suspend", "reinstate"}) decide(*all, user.id, step);
    CHECK_FALSE(decide(*all, user.id, "approve").applied());
    CHECK(decide(*all, user.id, "reinstate").applied());
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
    CHECK(wait(all->approvals().apply({boss.id, suspend, "", {}}, somebody)).error() == errc::not_found);
    CHECK(wait(all->approvals().apply({user_id{make_uuid_v7()}, suspend, "", {}}, somebody)).error() == errc::not_found);
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
        if (!page.next) break;
        query.before = page.next;
    }
    std::sort(made.rbegin(), made.rend());
    CHECK(std::set(seen.begin(), seen.end()) == std::set(made.begin(), made.end()));
    CHECK(std::is_sorted(seen.rbegin(), seen.rend()));

    approval::list_query active;
    active.status = user_status::active;
    CHECK(wait(all->approvals().list(active))->items.size() == 1);
    active.with_totals = false;
    const auto uncounted = *wait(all->approvals().list(active));
    CHECK(uncounted.items.size() == 1);
    CHECK(uncounted.totals.empty());
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
    REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
    auto state = *wait(all->ledger().find(entry.who));
    REQUIRE(state);
    CHECK_FALSE(state->ended);
    CHECK(state->facts == user);
    CHECK(state->entry.device == entry.device);
    CHECK(to_unix_ms(state->entry.expires_at) == to_unix_ms(entry.expires_at));

    const auto end = *wait(all->ledger().end(entry.who, errc::session_signed_out, user::actor{"ada"}));
    REQUIRE(end);
    CHECK(end->who == entry.who);
    CHECK(end->reason == errc::session_signed_out);
    REQUIRE(wait(all->ledger().end(entry.who, errc::session_revoked, user::actor{"ada"})).has_value());
    CHECK((*wait(all->ledger().find(entry.who)))->ended == errc::session_signed_out);

    const auto rows = wait(all->outbox().unpublished(10, {}))->rows;
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].id == end->outbox_id);
    const auto& told = std::get<approval::ended_session>(rows[1].what);
    CHECK(told.who == entry.who);
    CHECK(told.reason == errc::session_signed_out);
}

TEST_CASE("a session is nobody else's") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto other = add_manager(*all, "other@example.com");
    const auto entry = entry_of(user);
    REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
    CHECK_FALSE(*wait(all->ledger().find({other.id, entry.who.session})));
    CHECK_FALSE(*wait(all->ledger().end({other.id, entry.who.session}, errc::session_revoked, user::actor{"x"})));
    CHECK_FALSE((*wait(all->ledger().find(entry.who)))->ended);
    REQUIRE(*wait(all->ledger().end(entry.who, errc::session_signed_out, user::actor{"ada"})));
    CHECK_FALSE(*wait(all->ledger().end({other.id, entry.who.session}, errc::session_revoked, user::actor{"x"})));
}

TEST_CASE("whoever repeats an end gets it to relay until it has been published") {
    const auto all = make_stores();
    const auto entry = entry_of(add_manager(*all));
    REQUIRE(wait(all->ledger().begin(entry, 32, {})).has_value());
    const auto end = [&](errc reason) { return *wait(all->ledger().end(entry.who, reason, user::actor{"ada"})); };
    const auto first = end(errc::session_signed_out);
    REQUIRE(first);
    const auto again = end(errc::session_ended_elsewhere);
    REQUIRE(again);
    CHECK(again->outbox_id == first->outbox_id);
    CHECK(again->reason == errc::session_signed_out);

    const approval::feed_ref fed{"run", 1};
    REQUIRE(*wait(all->outbox().switch_feed(fed)));
    REQUIRE(wait(all->outbox().mark_published({first->outbox_id}, fed)).has_value());
    CHECK_FALSE(end(errc::session_signed_out));
}
