// Sessions over models of Redis and the database: what is answered from where, and what an outage changes (K2, K8, K10).
#include "tests/unit/auth/session_rig.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace stagedoor::tests;

namespace {

// For a node that must not be waited for: whoever does gets no answer in time.
constexpr auto for_ever = 24h;

errc error_of(const auto& answer) {
    REQUIRE_FALSE(answer.has_value());
    return to_errc(answer.error());
}

// What Redis is left with when it took the record and lost the snapshot.
void lose_snapshot(session_rig& r, const user_facts& before) { r.redis.snapshots[r.ada.id.text()] = before; }

std::string signed_in_after_a_reinstatement_unheard(session_rig& r) {
    auto before = r.ada;
    before.status = user_status::suspended;
    r.ada.version += 1;
    r.save(r.ada);
    auto cookie = r.sign_in();
    lose_snapshot(r, before);
    return cookie;
}

// The snapshot tells of an epoch, and not of the change that kept this session.
std::string kept_by_a_change_unheard(session_rig& r) {
    auto cookie = r.sign_in();
    r.ada.epoch += 1;
    r.ada.version += 1;
    const auto before = r.ada;
    r.ada.epoch += 1;
    r.ada.version += 1;
    r.ada.kept_session = r.who(cookie).session;
    r.ada.kept_epoch = r.ada.epoch;
    r.save(r.ada);
    lose_snapshot(r, before);
    return cookie;
}

}  // namespace

TEST_CASE("a session is answered from Redis, without the database") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.database.any.calls = 0;
    const auto found = r.check(cookie);
    REQUIRE(found);
    CHECK_FALSE(found->from_ledger);
    CHECK(r.database.any.calls == 0);
    CHECK(r.node.ledger.answers() == 0);
}

TEST_CASE("a record is there only beside facts that were read after its place was held") {
    session_rig r;
    const bool begins = GENERATE(true, false);
    std::string cookie;
    if (!begins) {
        cookie = r.sign_in();
        r.redis.records.clear();
        r.redis.snapshots.clear();
    }
    const auto make = [&] {
        if (begins) cookie = r.sign_in();  // with facts of before the password was hashed
        if (!begins) CHECK(r.check(cookie).has_value());
    };
    auto newer = r.ada;
    newer.version += 1;
    r.database.users.at(r.ada.id.text()) = newer;
    SECTION("it is") {
        make();
        CHECK(r.redis.record_of(r.who(cookie)).generation == 0);
        CHECK(r.redis.snapshots.at(r.ada.id.text()).version == newer.version);
    }
    SECTION("when the facts do not get there, neither does the record") {
        r.redis.writes = {.first = 1, .count = faults::for_ever};  // the hold is taken
        make();
        const auto& stored = r.redis.records.at(r.who(cookie).session.text());
        CHECK_FALSE(session::parse_record(stored).has_value());
    }
}

TEST_CASE("what Redis has forgotten is made again from the ledger, at the generation of the token") {
    session_rig r;
    const auto cookie = r.rotate(r.sign_in());
    r.redis.records.clear();
    r.redis.snapshots.clear();
    REQUIRE(r.check(cookie));
    CHECK(r.redis.record_of(r.who(cookie)).generation == 1);
    CHECK(r.redis.snapshots.size() == 1);
}

TEST_CASE("a session is made again with one read of the ledger") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.redis.records.clear();
    r.database.any.calls = 0;
    REQUIRE(r.check(cookie));
    CHECK(r.database.any.calls == 1);
    REQUIRE(r.check(cookie));
    CHECK(r.database.any.calls == 1);
}

TEST_CASE("a session that ends while it is made again leaves no record, however long its maker stands still") {
    session_rig r;
    const auto cookie = r.sign_in();
    std::optional<std::string> found_there;
    SECTION("for less than a tombstone's time") {
        found_there = format_tombstone({errc::session_signed_out, r.redis.clock});
    }
    SECTION("for longer") {}
    SECTION("for longer, and another one begins") { found_there = "h1 other"; }
    r.redis.records.clear();
    r.database.after_next_read = [&] {
        r.end_in_ledger(cookie);
        r.redis.records.clear();
        if (found_there) r.redis.records[r.who(cookie).session.text()] = *found_there;
    };
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    CHECK_FALSE(r.redis.records[r.who(cookie).session.text()].starts_with("r"));
}

TEST_CASE("whoever finds a session being made again asks the ledger") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    r.redis.records[r.who(cookie).session.text()] = "h1 other";
    CHECK(r.check(cookie)->from_ledger);
    CHECK(r.refresh(cookie).has_value());
    r.end_in_ledger(cookie);
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
}

TEST_CASE("what has ended is not made again, and a tombstone saves the next read") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    r.end_in_ledger(cookie);
    r.redis.records.clear();
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    r.database.any.calls = 0;
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    CHECK(r.database.any.calls == 0);
}

TEST_CASE("a tombstone costs a second round trip while some cache may not have heard of it") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    r.redis.records[r.who(cookie).session.text()] = format_tombstone({errc::session_signed_out, r.redis.clock});
    r.redis.any.calls = 0;
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    CHECK(r.redis.any.calls == 2);
    r.pass(2 * limits::cache_lease);
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    CHECK(r.redis.any.calls == 3);
}

TEST_CASE("signing in ends the sessions whose genuine tokens the browser still carries, and no others") {
    session_rig r;
    const auto elsewhere = r.sign_in();
    const auto here = r.sign_in();
    auto forged = elsewhere;
    forged.back() = forged.back() == 'A' ? 'B' : 'A';
    const auto fresh = r.sign_in(forged + "; " + here);
    const auto ended = [&](const std::string& cookie) { return r.database.sessions.at(r.who(cookie).session.text()).ended; };
    CHECK(ended(here) == errc::session_signed_out);
    CHECK_FALSE(ended(elsewhere));
    CHECK_FALSE(ended(fresh));
    CHECK(r.check(elsewhere).has_value());
    CHECK(r.check(fresh).has_value());
}

TEST_CASE("while Redis is away the ledger answers checks") {
    session_rig r;
    const auto cookie = r.sign_in();
    SECTION("it fails") { r.redis_dies(); }
    SECTION("it may not be believed") { r.distrust(); }
    const auto found = r.check(cookie);
    REQUIRE(found);
    CHECK(found->from_ledger);
    CHECK(found->user == r.ada);
    CHECK(found->record.created_at == r.redis.clock);
    CHECK(r.node.ledger.answers() == 1);
}

TEST_CASE("while Redis is away the ledger says who is over, and why") {
    session_rig r{0ms};
    const auto cookie = r.sign_in();
    r.distrust();
    SECTION("signed out") {
        r.end_in_ledger(cookie);
        CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    }
    SECTION("purged") {
        r.database.sessions.clear();
        CHECK(error_of(r.check(cookie)) == errc::session_unknown);
    }
    SECTION("too old") {
        r.pass(r.limits.absolute);
        CHECK(error_of(r.check(cookie)) == errc::session_expired_absolute);
    }
    SECTION("of a dead epoch") {
        r.ada.epoch += 1;
        r.save(r.ada);
        CHECK(error_of(r.check(cookie)) == errc::session_revoked);
        r.ada.kept_session = r.who(cookie).session;
        r.ada.kept_epoch = r.ada.epoch;
        r.save(r.ada);
        CHECK(r.check(cookie).has_value());
    }
    SECTION("suspended") {
        r.ada.status = user_status::suspended;
        r.save(r.ada);
        CHECK(error_of(r.check(cookie)) == errc::session_revoked);
    }
}

TEST_CASE("a record in a Redis that may not be believed lets nobody in") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.end_in_ledger(cookie);  // and Redis was not told
    REQUIRE(r.check(cookie));
    r.distrust();
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
}

TEST_CASE("a no by a snapshot counts when the ledger says the same") {
    session_rig r{for_ever};
    const bool kept = GENERATE(false, true);
    const auto cookie = kept ? kept_by_a_change_unheard(r) : signed_in_after_a_reinstatement_unheard(r);
    SECTION("it says that the session lives") {
        const auto found = r.check(cookie);
        REQUIRE(found);
        CHECK(found->user == r.ada);
        CHECK_FALSE(found->from_ledger);
        CHECK(r.redis.snapshots.at(r.ada.id.text()) == r.ada);  // the next yes costs no read
    }
    SECTION("it says so, and Redis does not hear it") {
        r.redis_refuses_writes();
        CHECK(r.check(cookie)->user == r.ada);
    }
    SECTION("nobody can tell") {
        r.database_locks();
        CHECK(error_of(r.check(cookie)) == errc::database_busy);
    }
    SECTION("it says that the session has ended, and why") {
        r.end_in_ledger(cookie);
        CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
        r.database_locks();
        CHECK(error_of(r.check(cookie)) == errc::session_signed_out);  // the tombstone says so
    }
    SECTION("it says the same") {
        r.ada.epoch += 1;
        r.save(r.ada);
        CHECK(error_of(r.check(cookie)) == errc::session_revoked);
        r.database_locks();
        CHECK(error_of(r.check(cookie)) == errc::session_revoked);
    }
}

TEST_CASE("signing in and refreshing go on without Redis") {
    session_rig r;
    SECTION("it fails") { r.redis_dies(); }
    SECTION("it may not be believed") { r.distrust(); }
    SECTION("it takes no writes") { r.redis_refuses_writes(); }
    const auto cookie = r.sign_in();
    REQUIRE_FALSE(cookie.empty());
    REQUIRE(r.check(cookie));
    const auto refreshed = r.refresh(cookie);
    REQUIRE(refreshed);
    CHECK_FALSE(refreshed->cookie);
}

TEST_CASE("without Redis a change of status is told until the client says that it knows it") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.distrust();
    CHECK_FALSE(r.refresh(cookie)->status_changed);
    r.approve();
    for (int i = 0; i < 2; ++i) {
        const auto told = r.refresh(cookie);
        REQUIRE(told);
        CHECK(told->status_changed);
        CHECK(told->previous_status == user_status::pending);
        CHECK(told->user.version == 2);
    }
    const auto known = r.refresh(cookie, 2);
    CHECK_FALSE(known->status_changed);
    CHECK(known->previous_status == user_status::active);
}

TEST_CASE("a Redis that takes no writes costs no answer and hands out no token") {
    session_rig r;
    const auto cookie = r.sign_in();
    const auto rotated = r.rotate(r.sign_in());
    r.approve();
    r.redis_refuses_writes();
    SECTION("a check whose use is due to be noted") {
        r.pass(5min);
        CHECK_FALSE(r.check(cookie)->from_ledger);
    }
    SECTION("a session it has forgotten") {
        r.redis.records.clear();
        CHECK(r.check(cookie)->from_ledger);
    }
    SECTION("a token that is ahead of its record") {
        r.redis.records[r.who(rotated).session.text()] = r.redis.records.at(r.who(cookie).session.text());
        CHECK(r.check(rotated)->from_ledger);
    }
    SECTION("a refresh") {
        const auto refreshed = r.refresh(cookie);
        REQUIRE(refreshed);
        CHECK_FALSE(refreshed->cookie);
        CHECK(refreshed->status_changed);
        CHECK(refreshed->user.version == 2);
        r.heal();
        CHECK(r.refresh(cookie)->cookie);
    }
}

TEST_CASE("without the database checks go on, and what needs it ends nothing") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.database_locks();
    CHECK(r.check(cookie).has_value());
    CHECK(error_of(r.refresh(cookie)) == errc::database_busy);
    CHECK(r.sign_in().empty());
    r.heal();
    CHECK(r.check(cookie).has_value());
}

TEST_CASE("without both nobody can tell") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.database_locks();
    r.redis_dies();
    CHECK(error_of(r.check(cookie)) == errc::database_busy);
    CHECK(r.node.ledger.unavailable == 1);
}

TEST_CASE("idleness and reuse are committed to the ledger before they are told") {
    session_rig r;
    const auto first = r.sign_in();
    const auto who = r.who(first);
    const auto ended = [&] { return r.database.sessions.at(who.session.text()).ended; };
    errc why{};
    SECTION("idle") {
        why = errc::session_expired_idle;
        r.pass(r.limits.idle);
    }
    SECTION("reused") {
        why = errc::session_token_reused;
        auto cookie = first;
        for (int i = 0; i < 2; ++i) {
            cookie = r.rotate(cookie);
            REQUIRE(r.check(cookie));
            r.pass(limits::rotation_grace);
            REQUIRE(r.check(cookie));
        }
    }
    r.database_locks();
    CHECK(error_of(r.check(first)) == errc::database_busy);
    r.heal();
    CHECK_FALSE(ended());
    CHECK(error_of(r.check(first)) == why);
    CHECK(ended() == why);
    r.database_locks();
    CHECK(error_of(r.check(first)) == why);  // the tombstone says so
}

TEST_CASE("an end that Redis was not told is told to its client when no node believes Redis any more") {
    session_rig r;
    const auto cookie = r.sign_in();
    auto why = errc::session_signed_out;
    bool refreshes = false;
    SECTION("idleness, which Redis does not take") {
        why = errc::session_expired_idle;
        r.pass(r.limits.idle);
        r.redis_refuses_writes();
    }
    SECTION("the ledger's word while Redis is dead") {
        r.end_in_ledger(cookie);
        r.redis_dies();
    }
    SECTION("or is not believed, whatever it takes") {
        r.end_in_ledger(cookie);
        r.distrust();
    }
    SECTION("or has forgotten, and takes nothing") {
        r.end_in_ledger(cookie);
        r.redis.records.clear();
        r.redis.writes = {.first = 1, .count = faults::for_ever};
    }
    SECTION("a tombstone that was put just now, after which Redis stands still") {
        r.end_in_ledger(cookie);
        r.redis.records[r.who(cookie).session.text()] = format_tombstone({why, r.redis.clock});
        r.redis.any = {.first = 1, .count = faults::for_ever};  // it is read
    }
    SECTION("an epoch that a refresh finds, and that Redis does not take") {
        why = errc::session_revoked;
        refreshes = true;
        r.trust(std::chrono::steady_clock::now());
        r.ada.epoch += 1;
        r.ada.version += 1;
        r.save(r.ada);
        r.redis_refuses_writes();
    }
    const auto asked = std::chrono::steady_clock::now();
    CHECK((refreshes ? error_of(r.refresh(cookie)) : error_of(r.check(cookie))) == why);
    CHECK(std::chrono::steady_clock::now() - asked >= limits::redis_trust_lease);
    // Once is enough, whoever asks again.
    const auto again = std::chrono::steady_clock::now();
    CHECK(r.node.unheard.final_from(r.who(cookie)) <= again);
    CHECK(error_of(r.check(cookie)) == why);
}

TEST_CASE("a no that cannot be final in time is not told") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    r.end_in_ledger(cookie);
    r.distrust();
    CHECK(error_of(r.check(cookie)) == errc::redis_unavailable);
    CHECK(error_of(r.refresh(cookie)) == errc::redis_unavailable);
    r.trust();
    r.redis.records[r.who(cookie).session.text()] = format_tombstone({errc::session_signed_out, r.redis.clock});
    CHECK(error_of(r.check(cookie)) == errc::session_signed_out);  // Redis has it now
}

TEST_CASE("a dead cookie beside a living one keeps nobody waiting") {
    session_rig r{for_ever};
    const auto dead = r.sign_in();
    const auto alive = r.sign_in();
    r.end_in_ledger(dead);
    r.distrust();
    CHECK(r.check(dead + "; " + alive).has_value());
}

TEST_CASE("a change that the database refuses since the session is over says why it is") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    const auto why = [&] { return run_task([&](auto) { return r.service.why_over(r.who(cookie)); }); };
    CHECK(why() == errc::overloaded);  // it is not
    r.end_in_ledger(cookie);
    SECTION("and Redis hears of it") {
        CHECK(why() == errc::session_signed_out);
        r.database_locks();
        CHECK(error_of(r.check(cookie)) == errc::session_signed_out);
    }
    SECTION("and Redis does not: it has to wait") {
        r.redis_dies();
        CHECK(why() == errc::redis_unavailable);
    }
}

TEST_CASE("when more ends are unheard of than can be remembered, nobody is told") {
    session_rig r{for_ever};
    const auto cookie = r.sign_in();
    r.end_in_ledger(cookie);
    r.distrust();
    for (std::size_t i = 0; i < limits::unheard_ends / 2; ++i) {
        REQUIRE(r.node.unheard.note({r.ada.id, session_id{make_uuid_v4()}}));
    }
    CHECK(error_of(r.check(cookie)) == errc::overloaded);
}

TEST_CASE("idleness is judged from when this Redis came back") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.pass(r.limits.idle + 1h);
    r.redis.back_since = r.redis.clock - 1h;
    CHECK(r.check(cookie).has_value());
}

TEST_CASE("nobody is shown a version older than one that this node has told from the ledger") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.approve();  // committed; not relayed yet
    r.trust(std::chrono::steady_clock::now());
    SECTION("by a refresh whose snapshot Redis did not take") {
        r.redis.writes = {.count = faults::for_ever};
        CHECK(r.refresh(cookie)->user.version == 2);
        CHECK(r.check(cookie)->user.version == 2);
    }
    SECTION("by a check that Redis did not answer") {
        r.redis.any = {.count = 1};
        CHECK(r.check(cookie)->user.version == 2);
        CHECK(r.check(cookie)->user.version == 2);
    }
    SECTION("and what was told before Redis was known to have it is no matter any more") {
        r.distrust();
        CHECK(r.check(cookie)->user.version == 2);
        r.redis.snapshots[r.ada.id.text()] = r.ada;  // the relay
        r.trust();
        r.database_locks();
        CHECK(r.check(cookie)->user.version == 2);
    }
}

TEST_CASE("whoever loads a snapshot answers with the one that won") {
    session_rig r;
    const auto cookie = r.sign_in();
    auto newer = r.ada;
    newer.version = 5;
    newer.display_name = "Ada L.";
    r.redis.snapshots[r.ada.id.text()] = newer;
    CHECK(r.refresh(cookie)->user == newer);
}

TEST_CASE("a dead cookie does not hide a living one, whoever answers") {
    session_rig r;
    const auto dead = r.sign_in();
    const auto alive = r.sign_in();
    r.end_in_ledger(dead);
    r.redis.records.erase(r.who(dead).session.text());
    SECTION("Redis") {}
    SECTION("the ledger") { r.distrust(); }
    CHECK(r.check(dead + "; " + alive).has_value());
}

TEST_CASE("the ledger is asked by so many at once, and refuses the rest") {
    session_rig r;
    const auto cookie = r.sign_in();
    r.distrust();
    constexpr auto askers = limits::ledger_checks + 10;
    std::map<errc, std::size_t> refused;
    std::size_t answered = 0;
    runtime::asio::io_context context{1};
    for (std::size_t i = 0; i < askers; ++i) {
        runtime::asio::co_spawn(context, r.service.authenticate(cookie), [&](std::exception_ptr, auto found) {
            if (found) ++answered;
            if (!found) ++refused[to_errc(found.error())];
        });
    }
    context.run();
    CHECK(answered == limits::ledger_checks);
    CHECK(refused == std::map<errc, std::size_t>{{errc::overloaded, 10}});
    CHECK(r.node.ledger.overloaded == 10);
    CHECK(r.check(cookie).has_value());
}
