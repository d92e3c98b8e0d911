#include "tests/support/catch.hpp"

#include "tests/unit/session/policy_fixture.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace std::chrono_literals;

TEST_CASE("a fresh session's first refresh rotates, since it has no predecessor") {
    policy_fixture f;
    const auto outcome = f.refreshed(0, f.t0 + 1s);
    CHECK(outcome.hand_out == 1u);
    CHECK(f.record.generation == 1);
}

TEST_CASE("a second tab that refreshes with the old token gets the very same successor") {
    policy_fixture f;
    CHECK(f.refreshed(0, f.t0 + 1s).hand_out == 1u);
    CHECK(f.refreshed(0, f.t0 + 2s).hand_out == 1u);
    CHECK(f.record.generation == 1);
}

TEST_CASE("handing the successor out again writes nothing when nothing has changed") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    const auto before = f.record;
    f.refreshed(0, f.t0 + 2s);
    CHECK(f.record == before);
}

TEST_CASE("the predecessor lives until its successor is used again a grace later") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.use(1, f.t0 + 2s);
    f.use(1, f.t0 + 61s);
    CHECK(f.judged(0, f.t0 + 61s) == standing::predecessor);
    f.use(1, f.t0 + 62s);
    CHECK(f.judged(0, f.t0 + 62s).error() == errc::session_token_reused);
}

TEST_CASE("handing the successor out again starts the grace anew") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.use(1, f.t0 + 2s);
    f.refreshed(0, f.t0 + 30s);
    f.use(1, f.t0 + 63s);
    CHECK(f.judged(0, f.t0 + 63s) == standing::predecessor);
    f.use(1, f.t0 + 123s);
    CHECK_FALSE(f.judged(0, f.t0 + 123s));
}

TEST_CASE("a first use before Redis came back counts as none, for the writes after it may be lost") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    f.use(1, f.t0 + 2s);
    f.since = f.t0 + 30s;
    f.use(1, f.t0 + 62s);
    CHECK(f.judged(0, f.t0 + 62s) == standing::predecessor);
    f.use(1, f.t0 + 121s);
    CHECK(f.judged(0, f.t0 + 121s) == standing::predecessor);
    f.use(1, f.t0 + 122s);
    CHECK(f.judged(0, f.t0 + 122s).error() == errc::session_token_reused);
}

TEST_CASE("idleness is judged from the last use or the return of Redis, whichever is later") {
    policy_fixture f;
    f.since = f.t0 + 1h;
    CHECK(f.judged(0, f.t0 + 24h));
    CHECK(f.judged(0, f.t0 + 25h).error() == errc::session_expired_idle);
    f.use(0, f.t0 + 2h);
    CHECK(f.judged(0, f.t0 + 25h));
    CHECK(f.judged(0, f.t0 + 26h).error() == errc::session_expired_idle);
}

TEST_CASE("a browser that holds the current token gets no cookie while the predecessor lives") {
    policy_fixture f;
    f.refreshed(0, f.t0 + 1s);
    CHECK_FALSE(f.refreshed(1, f.t0 + 2s).hand_out);
}

TEST_CASE("a generation that the record does not know yet means that Redis lost a rotation") {
    policy_fixture f;
    CHECK(f.judged(3, f.t0 + 1s) == standing::ahead);
    f.record = moved_forward(f.keys, f.who, f.record, 3, f.record.key_id);
    CHECK(f.judged(3, f.t0 + 1s) == standing::current);
    CHECK(f.judged(2, f.t0 + 1s) == standing::predecessor);
}

TEST_CASE("a record made from the ledger takes the token that asked and its predecessor") {
    policy_fixture f;
    const ledger_facts ledger{1, user_status::pending, f.t0, f.t0 + f.limits.absolute};
    f.record = rebuilt_record(f.keys, f.who, ledger, 5, f.keys.signing_key_id(), f.t0 + 1h);
    CHECK(f.judged(5, f.t0 + 1h) == standing::current);
    CHECK(f.judged(4, f.t0 + 1h) == standing::predecessor);
    CHECK(f.judged(6, f.t0 + 1h) == standing::ahead);
}

TEST_CASE("a session says why it is over") {
    policy_fixture f;
    CHECK(f.judged(0, f.t0 + 24h).error() == errc::session_expired_idle);
    CHECK(f.judged(0, f.t0 + std::chrono::days{14}).error() == errc::session_expired_absolute);
    f.facts.epoch = 2;
    CHECK(f.judged(0, f.t0 + 1s).error() == errc::session_revoked);
}

TEST_CASE("the kept session outlives exactly the epoch it was kept for") {
    policy_fixture f;
    f.facts.epoch = 2;
    f.facts.kept_session = f.who.session;
    f.facts.kept_epoch = 2;
    CHECK(f.judged(0, f.t0 + 1s));
    f.facts.epoch = 3;
    CHECK(f.judged(0, f.t0 + 1s).error() == errc::session_revoked);
}

TEST_CASE("facts older than the session cannot judge it") {
    policy_fixture f;
    f.facts.epoch = 0;
    CHECK(is_behind(f.facts, f.record));
}

TEST_CASE("a use is written down at most once a minute") {
    policy_fixture f;
    f.use(0, f.t0);
    const auto before = f.record;
    f.use(0, f.t0 + 59s);
    CHECK(f.record == before);
    f.use(0, f.t0 + 60s);
    CHECK(f.record.last_seen_at == f.t0 + 60s);
}

TEST_CASE("no order of two tabs' refreshes logs anybody out") {
    // Both tabs share one cookie jar. Each step a tab sends a refresh or receives its answer; every interleaving of
    // three refreshes per tab is walked, with the jar taking whichever answer arrives last.
    struct state {
        policy_fixture f;
        std::uint32_t jar = 0;
        struct tab {
            int left = 3;
            bool waiting = false;
            std::optional<std::uint32_t> answer;
        } tabs[2];
    };
    std::size_t ends = 0;
    const auto walk = [&](const auto& self, const state& s, instant now) -> void {
        bool moved = false;
        for (std::size_t i = 0; i < 2; ++i) {
            auto next = s;
            auto& tab = next.tabs[i];
            if (tab.waiting) {
                if (tab.answer) next.jar = *tab.answer;
                tab.waiting = false;
            } else if (tab.left > 0) {
                tab.left -= 1;
                tab.waiting = true;
                REQUIRE(next.f.judged(next.jar, now));
                tab.answer = next.f.refreshed(next.jar, now).hand_out;
            } else {
                continue;
            }
            moved = true;
            self(self, next, now + 10s);
        }
        if (!moved) {
            ++ends;
            REQUIRE(s.f.judged(s.jar, now));
        }
    };
    state start;
    walk(walk, start, start.f.t0 + 1s);
    CHECK(ends == 924);  // 12 choose 6
}
