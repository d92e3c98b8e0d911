// What a refresh tells of the user's status, and when that counts as known (K5).
#include "tests/support/catch.hpp"

#include "tests/unit/session/policy_fixture.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace std::chrono_literals;

TEST_CASE("statusChanged is true exactly once for a browser that gets its answers") {
    policy_fixture f;
    f.approve();
    const auto first = f.refreshed(0, f.t0 + 1s);
    CHECK(first.status_changed);
    CHECK(first.previous_status == user_status::pending);
    const auto second = f.refreshed(1, f.t0 + 2s);
    CHECK_FALSE(second.status_changed);
    CHECK(second.previous_status == user_status::active);
}

TEST_CASE("a refresh whose answer was lost says the same again") {
    policy_fixture f;
    f.approve();
    CHECK(f.refreshed(0, f.t0 + 1s).status_changed);
    CHECK(f.refreshed(0, f.t0 + 2s).status_changed);
}

TEST_CASE("a change told without a rotation is acknowledged ten seconds later or by its version") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.approve();
    CHECK(f.refreshed(1, f.t0 + 2s).status_changed);
    CHECK(f.refreshed(1, f.t0 + 3s).status_changed);
    SECTION("ten seconds later") { CHECK_FALSE(f.refreshed(1, f.t0 + 12s).status_changed); }
    SECTION("by its version") { CHECK_FALSE(f.refreshed(1, f.t0 + 4s, f.facts.version).status_changed); }
    SECTION("not by an older version") { CHECK(f.refreshed(1, f.t0 + 4s, f.facts.version - 1).status_changed); }
}

// As from pending to rejected, and reconsidered, with a refresh at each.
TEST_CASE("a status that comes back before it was acknowledged is told as well, and the answer that was lost again") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.use(1, f.t0 + 2s);
    f.become(user_status::rejected);
    CHECK(f.refreshed(1, f.t0 + 60s).previous_status == user_status::pending);
    f.become(user_status::pending);
    const auto check_told = [](const refresh_outcome& outcome) {
        CHECK(outcome.status_changed);
        CHECK(outcome.previous_status == user_status::rejected);
    };
    check_told(f.refreshed(1, f.t0 + 61s));
    SECTION("again") { check_told(f.refreshed(1, f.t0 + 61s)); }
    SECTION("with a rotation, by which the new token knows it") {
        const auto rotated = f.refreshed(1, f.t0 + 62s);
        check_told(rotated);
        REQUIRE(rotated.hand_out == 2u);
        check_told(f.refreshed(1, f.t0 + 63s));
        CHECK_FALSE(f.refreshed(2, f.t0 + 80s, f.facts.version).status_changed);
    }
    SECTION("until it is acknowledged") {
        CHECK_FALSE(f.refreshed(1, f.t0 + 61s, f.facts.version).status_changed);
        f.become(user_status::rejected);
        CHECK(f.refreshed(1, f.t0 + 61s).previous_status == user_status::pending);
    }
}

TEST_CASE("what a hand-out tells is known to whoever holds the token that was handed out") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.become(user_status::rejected);
    CHECK(f.refreshed(0, f.t0 + 2s).status_changed);
    f.become(user_status::pending);
    const auto outcome = f.refreshed(1, f.t0 + 3s);
    CHECK(outcome.status_changed);
    CHECK(outcome.previous_status == user_status::rejected);
}

TEST_CASE("what is told to one tab is known to a late request of another, by the predecessor's token") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.become(user_status::rejected);
    CHECK(f.refreshed(1, f.t0 + 2s).status_changed);
    f.become(user_status::pending);
    const auto late = f.refreshed(0, f.t0 + 3s);
    CHECK(late.status_changed);
    CHECK(late.previous_status == user_status::rejected);
}

TEST_CASE("a client that knows more than it was told, and less than there is, is told that the status has changed") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.become(user_status::rejected);
    f.refreshed(1, f.t0 + 2s);
    f.become(user_status::pending);
    const auto pushed = f.facts.version;
    f.become(user_status::rejected);
    CHECK(f.refreshed(1, f.t0 + 20s, pushed).status_changed);
    CHECK_FALSE(f.refreshed(1, f.t0 + 21s, f.facts.version).status_changed);
}

TEST_CASE("a rotation that may be one that Redis has lost proves nothing about what is known") {
    policy_fixture f;
    f.record = rebuilt_record(f.keys, f.who, {1, user_status::pending, f.t0, f.record.expires_at}, 0, 1, f.t0 + 60s);
    f.since = f.t0 + 60s;
    f.approve();
    CHECK(f.refreshed(0, f.t0 + 61s).hand_out == 1u);
    SECTION("for whoever has the next token may have it from before") {
        CHECK(f.refreshed(1, f.t0 + 62s).status_changed);
        CHECK(f.refreshed(1, f.t0 + 63s).status_changed);
        CHECK_FALSE(f.refreshed(1, f.t0 + 72s).status_changed);
    }
    SECTION("until the client says that it knows") {
        CHECK_FALSE(f.refreshed(1, f.t0 + 62s, f.facts.version).status_changed);
    }
}

TEST_CASE("a record is read as it was written, in the first format whenever that can say it") {
    policy_fixture f;
    const told_status told{user_status::rejected, 2, user_status::pending, f.t0};
    auto unheard = told;
    unheard.at.reset();
    const auto written = [&](const acknowledgement& current, const acknowledgement& predecessor) {
        f.record.acknowledged = current, f.record.previous_acknowledged = predecessor;
        const auto text = format_record(f.record);
        CHECK(std::get<session_record>(*parse_record(text)) == f.record);
        CHECK_FALSE(parse_record(text + " 1"));
        return text;
    };
    using enum user_status;
    CHECK(written({pending, {}}, {active, {}}).find(" 1 pending active - ") != std::string::npos);
    const auto first = written({pending, told}, {active, {}});
    CHECK(first.starts_with("r1 "));
    CHECK(first.find(" 1 pending active rejected 2 1800000000000 ") != std::string::npos);
    const auto second = written({active, told}, {active, {}});
    CHECK(second.starts_with("r2 "));
    CHECK(second.find(" 1 active active rejected 2 pending 1800000000000 - ") != std::string::npos);
    CHECK(written({pending, unheard}, {active, {}}).find(" rejected 2 pending - - ") != std::string::npos);
    CHECK(written({pending, {}}, {pending, unheard}).find(" 1 pending pending - rejected 2 pending - ") != std::string::npos);
    CHECK_FALSE(parse_record("r3" + second.substr(2)));
    CHECK_FALSE(parse_record("r1" + second.substr(2)));
}
