// Whether a session may hold a socket, verdict by verdict (N5).
#include <catch2/catch.hpp>
#include <optional>
#include <string>

#include "tests/unit/notify/signed_in.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;
using namespace std::chrono_literals;

namespace {

struct stage : signed_in {
    instant since{};

    credential presented(std::uint32_t generation, bool with_keys) const {
        const auto found = find_credentials(cookie(generation), cookie_name, with_keys ? &keys : nullptr);
        REQUIRE(found.count == 1);
        return found.found[0];
    }
    verdict<admission> check(const credential& given) const {
        const auto record_text = stored_record();
        const auto snapshot_text = stored_snapshot();
        return check_request(given, {record_text, snapshot_text}, {now, since}, timeouts);
    }
    std::optional<refusal> refused(std::uint32_t generation, bool with_keys) const {
        const auto found = check(presented(generation, with_keys));
        if (found) return std::nullopt;
        return found.error();
    }
    std::optional<refusal> refused_again() const {
        const auto record_text = stored_record();
        const auto snapshot_text = stored_snapshot();
        const auto found = check_again(who, {record_text, snapshot_text}, {now, since}, timeouts);
        if (found) return std::nullopt;
        return found.error();
    }
};

}  // namespace

TEST_CASE("a living session is admitted with its times", "[session_check]") {
    const stage s;
    const bool with_keys = GENERATE(true, false);
    const auto granted = s.check(s.presented(0, with_keys));
    REQUIRE(granted.has_value());
    CHECK(granted->facts == s.facts);
    CHECK(granted->epoch == s.record.epoch);
    CHECK(granted->expires_at == s.record.expires_at);
    CHECK(granted->idle_at == s.record.last_seen_at + 24h);
}

TEST_CASE("the predecessor's token is good while it lives, with keys and without", "[session_check]") {
    stage s;
    s.rotate_to(5);
    const bool with_keys = GENERATE(true, false);
    CHECK_FALSE(s.refused(5, with_keys));
    CHECK_FALSE(s.refused(4, with_keys));
    s.record.predecessor_dead = true;
    CHECK(s.refused(4, with_keys) == refusal{close_code::session_unclear, errc::session_token_reused});
}

TEST_CASE("a generation above the record's is good where keys prove it, else unclear", "[session_check]") {
    const stage s;
    CHECK_FALSE(s.refused(7, true));
    CHECK(s.refused(7, false)->code == close_code::session_unclear);
}

TEST_CASE("a generation that was left behind is unclear", "[session_check]") {
    stage s;
    s.rotate_to(5);
    const bool with_keys = GENERATE(true, false);
    CHECK(s.refused(3, with_keys)->code == close_code::session_unclear);
}

TEST_CASE("without record or snapshot the session is unclear, never over", "[session_check]") {
    stage s;
    const bool with_keys = GENERATE(true, false);
    s.record_missing = GENERATE(true, false);
    s.snapshot_missing = !s.record_missing;
    CHECK(s.refused(0, with_keys)->code == close_code::session_unclear);
    CHECK(s.refused_again()->code == close_code::session_unclear);
}

TEST_CASE("a session that is just being made again is unclear (K2)", "[session_check]") {
    const stage s;
    const std::optional<std::string> hold{"h1 c2Vjb25kcyBvZiBob2xk"};
    const auto snapshot_text = s.stored_snapshot();
    const auto found = check_request(s.presented(0, true), {hold, snapshot_text}, {now, s.since}, timeouts);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error() == refusal{close_code::session_unclear, errc::session_unknown});
}

TEST_CASE("a snapshot older than the session cannot judge it", "[session_check]") {
    stage s;
    s.record.epoch = 1;
    CHECK(s.refused(0, true)->code == close_code::session_unclear);
}

TEST_CASE("a tombstone is the end, whatever its reason", "[session_check]") {
    stage s;
    s.ended = GENERATE(errc::session_signed_out, errc::session_token_reused, errc::session_expired_idle);
    CHECK(s.refused(0, true) == refusal{close_code::session_over, *s.ended});
    CHECK(s.refused_again() == refusal{close_code::session_over, *s.ended});
}

TEST_CASE("absolute and idle expiry are the end", "[session_check]") {
    stage s;
    s.record.expires_at = now;
    CHECK(s.refused(0, false) == refusal{close_code::session_over, errc::session_expired_absolute});
    s.record.expires_at = now + 1h;
    s.record.last_seen_at = now - 24h;
    CHECK(s.refused(0, true) == refusal{close_code::session_over, errc::session_expired_idle});
    CHECK(s.refused_again() == refusal{close_code::session_over, errc::session_expired_idle});
}

TEST_CASE("a session is idle from the return of Redis at the earliest", "[session_check]") {
    stage s;
    s.record.last_seen_at = now - 24h;
    s.since = now - 1h;
    const auto granted = s.check(s.presented(0, true));
    REQUIRE(granted.has_value());
    CHECK(granted->idle_at == s.since + 24h);
}

TEST_CASE("a snapshot says no only where no later one could say yes (N5)", "[session_check]") {
    struct row {
        std::int64_t session_epoch;
        std::int64_t epoch;
        bool kept;  // by the change of password that began this epoch
        user_status status;
        std::optional<close_code> code;
    };
    using enum user_status;
    const auto [session_epoch, epoch, kept, status, code] = GENERATE(
        // Epochs agree: nothing ends it, and a suspension would have raised the epoch.
        row{1, 1, false, active, {}}, row{1, 1, false, pending, {}}, row{1, 1, false, rejected, {}},
        row{1, 1, false, suspended, close_code::session_unclear},
        // The snapshot is older than the session.
        row{2, 1, false, active, close_code::session_unclear}, row{2, 1, false, suspended, close_code::session_unclear},
        row{2, 1, true, active, close_code::session_unclear},
        // The session is older than the epoch, which is final unless it was kept.
        row{0, 1, false, active, close_code::session_over}, row{0, 1, false, suspended, close_code::account_suspended},
        row{0, 1, true, active, {}}, row{0, 1, true, suspended, close_code::session_unclear},
        row{0, 3, false, pending, close_code::session_over});
    stage s;
    s.record.epoch = session_epoch;
    s.facts.epoch = epoch;
    s.facts.status = status;
    if (kept) s.facts.kept_session = s.who.session, s.facts.kept_epoch = epoch;
    CAPTURE(session_epoch, epoch, kept, to_string(status));
    const auto told = s.refused(0, true);
    const auto told_again = s.refused_again();
    CHECK((told ? std::optional{told->code} : std::nullopt) == code);
    CHECK((told_again ? std::optional{told_again->code} : std::nullopt) == code);
}

TEST_CASE("expiry is told whatever the snapshot says, but for a suspension that ended the session", "[session_check]") {
    stage s;
    s.record.expires_at = now;
    s.facts.status = user_status::suspended;
    CHECK(s.refused(0, true) == refusal{close_code::session_over, errc::session_expired_absolute});
    s.facts.epoch = 1;
    CHECK(s.refused(0, true) == refusal{close_code::account_suspended, errc::account_suspended});
}

TEST_CASE("a dead epoch is the end, the kept session excepted", "[session_check]") {
    stage s;
    s.facts.epoch = 1;
    CHECK(s.refused(0, true) == refusal{close_code::session_over, errc::session_revoked});
    s.facts.kept_session = s.who.session;
    s.facts.kept_epoch = 1;
    CHECK_FALSE(s.refused(0, true));
}

TEST_CASE("a suspended user's session says so", "[session_check]") {
    stage s;
    s.facts.epoch = 1;
    s.facts.status = user_status::suspended;
    CHECK(s.refused(0, true) == refusal{close_code::account_suspended, errc::account_suspended});
}

TEST_CASE("a socket outlives the rotation of its token", "[session_check]") {
    stage s;
    s.rotate_to(9);
    s.record.predecessor_dead = true;
    CHECK_FALSE(s.refused_again());
}

TEST_CASE("a forged token is refused: by the keys at once, by the record without them", "[session_check]") {
    const stage s;
    auto forged = s.token(0);
    forged[70] = forged[70] == 'A' ? 'B' : 'A';
    const auto by_keys = find_credentials("c=" + forged, "c", &s.keys);
    CHECK(by_keys.empty());
    CHECK(by_keys.refused == refusal{close_code::session_over, errc::session_invalid});

    const auto by_record = find_credentials("c=" + forged, "c", nullptr);
    REQUIRE(by_record.count == 1);
    const auto found = s.check(by_record.found[0]);
    REQUIRE_FALSE(found.has_value());
    CHECK(found.error() == refusal{close_code::session_over, errc::session_invalid});
}

TEST_CASE("no cookie is no session; what is no token is none of ours", "[session_check]") {
    CHECK(find_credentials("other=1", "c", nullptr).refused == refusal{close_code::session_over, errc::no_session});
    CHECK(find_credentials("c=junk", "c", nullptr).refused == refusal{close_code::session_over, errc::session_invalid});
}

TEST_CASE("a dead cookie does not hide a live one behind it", "[session_check]") {
    const stage s;
    const auto found = find_credentials("c=junk; c=" + s.token(0), "c", &s.keys);
    REQUIRE(found.count == 1);
    CHECK(found.found[0].who() == s.who);
}

TEST_CASE("of two refusals the one with more hope is told", "[session_check]") {
    const refusal over{close_code::session_over, errc::session_signed_out};
    const refusal unclear{close_code::session_unclear, errc::session_unknown};
    CHECK(more_hopeful(over, unclear) == unclear);
    CHECK(more_hopeful(unclear, over) == unclear);
    CHECK(more_hopeful(over, over) == over);
}

TEST_CASE("a letter with a higher epoch ends all sessions but the kept one", "[session_check]") {
    const session_id session{make_uuid_v4()};
    letter head;
    head.epoch = 2;
    CHECK_FALSE(check_letter(head, session, 2));
    CHECK_FALSE(check_letter(head, session, 3));
    CHECK(check_letter(head, session, 1) == refusal{close_code::session_over, errc::session_revoked});

    head.status = user_status::suspended;
    CHECK(check_letter(head, session, 1) == refusal{close_code::account_suspended, errc::account_suspended});

    head.kept_session = session;
    CHECK(check_letter(head, session, 1));
    head.kept_epoch = 2;
    CHECK_FALSE(check_letter(head, session, 1));
    CHECK(check_letter(head, session_id{make_uuid_v4()}, 1));
}
