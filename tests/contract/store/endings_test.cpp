// What ledger and accounts promise about ends: the bound on sessions, the epoch, the session that a new password keeps.
#include <algorithm>
#include <set>

#include "tests/contract/store/people.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;

namespace {

constexpr std::size_t plenty = 32;

session::session_ref sign_in(stores& all, const user_facts& user, std::chrono::seconds age = std::chrono::seconds{0}) {
    const auto entry = entry_of(user, age);
    REQUIRE(wait(all.ledger().begin(entry, plenty, {})).has_value());
    return entry.who;
}

std::vector<session_id> living(stores& all, const user_facts& user) {
    std::vector<session_id> ids;
    for (const auto& entry : *wait(all.ledger().living(user.id))) ids.push_back(entry.who.session);
    return ids;
}

user::password_change change_of(const user_facts& user, const session_id& kept, const std::string& from,
                                const std::string& to) {
    return {user.id, kept, from, to};
}

}  // namespace

TEST_CASE("the living sessions of a user are listed newest first, with all that the ledger knows") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto other = add_manager(*all, "other@example.com");
    const auto old = sign_in(*all, user, std::chrono::seconds{20});
    const auto fresh = sign_in(*all, user);
    const auto ended = sign_in(*all, user, std::chrono::seconds{10});
    sign_in(*all, other);
    REQUIRE(*wait(all->ledger().end(ended, errc::session_signed_out, user::actor{"ada"})));
    sign_in(*all, user, std::chrono::hours{2});  // has expired
    CHECK(living(*all, user) == std::vector{fresh.session, old.session});
    const auto first = wait(all->ledger().living(user.id))->front();
    CHECK(first.who == fresh);
    CHECK(first.device == "curl/8.0");
    CHECK(first.address == "192.0.2.1");
    CHECK(wait(all->ledger().living(user_id{make_uuid_v7()}))->empty());
}

TEST_CASE("a sign-in beyond the bound ends the oldest in the same commit, and says which") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto oldest = sign_in(*all, user, std::chrono::seconds{30});
    const auto older = sign_in(*all, user, std::chrono::seconds{20});
    const auto newer = sign_in(*all, user, std::chrono::seconds{10});
    const auto rows_before = wait(all->outbox().unpublished(100, {}))->rows.size();

    const auto entry = entry_of(user);
    const auto displaced = *wait(all->ledger().begin(entry, 2, {}));
    REQUIRE(displaced.size() == 2);
    const std::set<session_id> gone{displaced[0].who.session, displaced[1].who.session};
    CHECK(gone == std::set{oldest.session, older.session});
    CHECK(living(*all, user) == std::vector{entry.who.session, newer.session});
    const auto rows = wait(all->outbox().unpublished(100, {}))->rows;
    REQUIRE(rows.size() == rows_before + 2);
    for (const auto& end : displaced) {
        CHECK(end.reason == errc::session_displaced);
        CHECK((*wait(all->ledger().find(end.who)))->ended == errc::session_displaced);
        CHECK(std::ranges::count(rows, end.outbox_id, &approval::outbox_row::id) == 1);
    }
}

TEST_CASE("a new session is never the one that goes, whatever the clocks say") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto before = sign_in(*all, user);
    const auto entry = entry_of(user, std::chrono::seconds{30});  // by a node whose clock is behind
    const auto displaced = *wait(all->ledger().begin(entry, 1, {}));
    REQUIRE(displaced.size() == 1);
    CHECK(displaced[0].who == before);
    CHECK(living(*all, user) == std::vector{entry.who.session});
}

TEST_CASE("a session that takes another's place ends that one in the same commit, and displaces nobody for it") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto elsewhere = sign_in(*all, user, std::chrono::seconds{30});
    const auto here = sign_in(*all, user, std::chrono::seconds{20});
    const session::session_ref nobody{user.id, session_id{make_uuid_v4()}};
    const auto entry = entry_of(user);
    const auto ends = *wait(all->ledger().begin(entry, 2, {nobody, here}));
    REQUIRE(ends.size() == 1);
    CHECK(ends[0].who == here);
    CHECK(ends[0].reason == errc::session_signed_out);
    CHECK(std::ranges::count(wait(all->outbox().unpublished(100, {}))->rows, ends[0].outbox_id,
                             &approval::outbox_row::id) == 1);
    CHECK((*wait(all->ledger().find(here)))->ended == errc::session_signed_out);
    CHECK(living(*all, user) == std::vector{entry.who.session, elsewhere.session});
}

TEST_CASE("a sign-in that fails ends nothing, and an end that fails keeps nobody from signing in") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto here = sign_in(*all, user);
    const auto too_late = entry_of(user);
    const auto raised = wait(all->users().raise_epoch(user.id, somebody))->facts;
    CHECK(wait(all->ledger().begin(too_late, plenty, {here})).error() == errc::session_revoked);
    CHECK_FALSE((*wait(all->ledger().find(here)))->ended);

    all->run_sql("INSERT INTO outbox (kind, user_id, session_id, reason, actor, at_ms) VALUES ('session_ended', '" +
                 user.id.text() + "', '" + here.session.text() + "', 'signed_out', 'somebody', 1)");  // by hand
    const auto entry = entry_of(raised);
    REQUIRE(wait(all->ledger().begin(entry, plenty, {here})).has_value());
    CHECK(living(*all, raised) == std::vector{entry.who.session});
    CHECK_FALSE((*wait(all->ledger().find(here)))->ended);
}

TEST_CASE("sessions that are over do not count against the bound") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto ended = sign_in(*all, user);
    REQUIRE(*wait(all->ledger().end(ended, errc::session_signed_out, user::actor{"ada"})));
    sign_in(*all, user, std::chrono::hours{2});
    sign_in(*all, user);
    const auto raised = wait(all->users().raise_epoch(user.id, somebody))->facts;
    const auto alive = sign_in(*all, raised);
    const auto entry = entry_of(raised);
    CHECK(wait(all->ledger().begin(entry, 2, {}))->empty());
    CHECK(living(*all, raised).size() == 2);
    CHECK(std::ranges::count(living(*all, raised), alive.session) == 1);
}

TEST_CASE("a raised epoch ends all sessions, sign-ins under way too, and is told once") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto before = sign_in(*all, user);
    const auto under_way = entry_of(user);
    const auto raised = wait(all->users().raise_epoch(user.id, somebody));
    REQUIRE(raised.has_value());
    CHECK(raised->facts.epoch == user.epoch + 1);
    CHECK(raised->facts.version == user.version + 1);
    REQUIRE(raised->event);
    CHECK(raised->event->kind == "updated");
    CHECK(raised->event->facts == raised->facts);
    CHECK(raised->outbox_id > 0);

    CHECK(living(*all, user).empty());
    CHECK(wait(all->ledger().begin(under_way, plenty, {})).error() == errc::session_revoked);
    CHECK_FALSE(*wait(all->ledger().find(under_way.who)));
    CHECK((*wait(all->ledger().find(before)))->facts.epoch == user.epoch + 1);
    sign_in(*all, raised->facts);
    CHECK(living(*all, user).size() == 1);
    CHECK(wait(all->users().raise_epoch(user_id{make_uuid_v7()}, somebody)).error() == errc::not_found);
}

TEST_CASE("a session of nobody does not begin") {
    const auto all = make_stores();
    auto entry = entry_of(add_manager(*all));
    entry.who.user = user_id{make_uuid_v7()};
    CHECK(wait(all->ledger().begin(entry, plenty, {})).error() == errc::not_found);
}

TEST_CASE("a password change keeps the session it came from and ends the others, in one commit") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto kept = sign_in(*all, user);
    sign_in(*all, user);
    const auto under_way = entry_of(user);
    const auto changed = wait(all->users().change_password(change_of(user, kept.session, "hash", "new"), somebody));
    REQUIRE(changed.has_value());
    CHECK(changed->facts.epoch == user.epoch + 1);
    CHECK(changed->facts.kept_session == kept.session);
    CHECK(changed->facts.kept_epoch == changed->facts.epoch);
    REQUIRE(changed->event);
    CHECK(changed->event->facts == changed->facts);
    CHECK(living(*all, user) == std::vector{kept.session});
    CHECK(wait(all->ledger().begin(under_way, plenty, {})).error() == errc::session_revoked);
    CHECK(wait(all->users().find_credentials(user.id))->password_hash == "new");

    const auto again = wait(all->users().change_password(change_of(user, kept.session, "new", "newer"), somebody));
    REQUIRE(again.has_value());
    CHECK(living(*all, user) == std::vector{kept.session});
    REQUIRE(wait(all->users().raise_epoch(user.id, somebody)).has_value());
    CHECK(living(*all, user).empty());
}

TEST_CASE("of two password changes at once the second is told that it was too late, and changes nothing") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto [first, second] = std::pair{sign_in(*all, user), sign_in(*all, user)};
    REQUIRE(wait(all->users().change_password(change_of(user, first.session, "hash", "a"), somebody)).has_value());
    CHECK(wait(all->users().change_password(change_of(user, second.session, "hash", "b"), somebody)).error() ==
          errc::password_changed);
    CHECK(living(*all, user) == std::vector{first.session});
    const auto credentials = *wait(all->users().find_credentials(user.id));
    CHECK(credentials.password_hash == "a");
    CHECK(credentials.facts.version == user.version + 1);
}

TEST_CASE("a password change does not bring back a session that ended while it was under way") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto signed_out = sign_in(*all, user);
    const auto everywhere = sign_in(*all, user);
    REQUIRE(*wait(all->ledger().end(signed_out, errc::session_signed_out, user::actor{"ada"})));
    CHECK(wait(all->users().change_password(change_of(user, signed_out.session, "hash", "new"), somebody)).error() ==
          errc::session_revoked);
    REQUIRE(wait(all->users().raise_epoch(user.id, somebody)).has_value());
    CHECK(wait(all->users().change_password(change_of(user, everywhere.session, "hash", "new"), somebody)).error() ==
          errc::session_revoked);
    CHECK(living(*all, user).empty());
    CHECK(wait(all->users().find_credentials(user.id))->password_hash == "hash");
    CHECK(wait(all->users().find(user.id))->version == user.version + 1);
}

TEST_CASE("credentials are found by id as by e-mail") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    CHECK(wait(all->users().find_credentials(user.id))->facts == user);
    CHECK(wait(all->users().find_credentials(user_id{make_uuid_v7()})).error() == errc::not_found);
}

TEST_CASE("a reason that a hand has made up says no more than that the session was ended") {
    const auto all = make_stores();
    const auto user = add_manager(*all);
    const auto gone = sign_in(*all, user);
    all->run_sql("UPDATE sessions SET ended_at_ms = 1, end_reason = 'overloaded' WHERE id = '" + gone.session.text() + "'");
    CHECK((*wait(all->ledger().find(gone)))->ended == errc::session_revoked);
}
