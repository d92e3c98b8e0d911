// Every call to Redis and to the database fails once, in every flow: the N-th until the flow needs no N-th. Whatever
// fails, nobody who lives is turned away, nobody who has ended is let in, and a healed system knows everybody again.
#include "tests/unit/auth/session_rig.hpp"

#include <functional>

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::session;
using namespace stagedoor::tests;

namespace {

// A session and what is done with it. The cookie is the one that the flow presents.
struct flow {
    const char* name;
    std::function<std::string(session_rig&)> prepare;
    bool lives = true;   // before the flow, and after it
    bool refreshes = false;
};

std::string in_use_for_minutes(session_rig& r) {
    auto cookie = r.rotate(r.sign_in());
    REQUIRE(r.check(cookie));
    r.pass(limits::rotation_grace);
    return cookie;
}

const flow flows[] = {
    {"a check", [](session_rig& r) { return r.sign_in(); }},
    {"a check that notes a use", [](session_rig& r) { return in_use_for_minutes(r); }},
    {"a check of a forgotten session",
     [](session_rig& r) {
         auto cookie = r.sign_in();
         r.redis.records.clear();
         r.redis.snapshots.clear();
         return cookie;
     }},
    {"a check without a snapshot",
     [](session_rig& r) {
         auto cookie = r.sign_in();
         r.redis.snapshots.clear();
         return cookie;
     }},
    {"a check whose record lost a rotation",
     [](session_rig& r) {
         const auto first = r.sign_in();
         const auto before = r.redis.records;
         auto cookie = r.rotate(first);
         r.redis.records = before;
         return cookie;
     }},
    {"a refresh that rotates", [](session_rig& r) { return r.sign_in(); }, true, true},
    {"a refresh with the predecessor",
     [](session_rig& r) {
         auto cookie = r.sign_in();
         r.rotate(cookie);
         return cookie;
     },
     true, true},
    {"a refresh after a change of status",
     [](session_rig& r) {
         auto cookie = in_use_for_minutes(r);
         r.approve();
         return cookie;
     },
     true, true},
    {"a check of a session that ended unheard",
     [](session_rig& r) {
         auto cookie = r.sign_in();
         r.end_in_ledger(cookie);
         r.redis.records.clear();
         return cookie;
     },
     false},
    {"a check of an idle session",
     [](session_rig& r) {
         auto cookie = r.sign_in();
         r.pass(r.limits.idle);
         return cookie;
     },
     false},
    {"a refresh with a token that was rotated away",
     [](session_rig& r) {
         const auto first = r.sign_in();
         auto cookie = first;
         for (int i = 0; i < 2; ++i) {
             cookie = r.rotate(cookie);
             REQUIRE(r.check(cookie));
             r.pass(limits::rotation_grace);
             REQUIRE(r.check(cookie));
         }
         return first;
     },
     false, true},
};

// The status that HTTP would answer.
int run_flow(session_rig& r, const flow& each, const std::string& cookie) {
    const auto status = [](const auto& answer) {
        return answer ? 200 : static_cast<int>(problem_of(to_errc(answer.error())).status);
    };
    return each.refreshes ? status(r.refresh(cookie)) : status(r.check(cookie));
}

struct outage {
    const char* name;
    std::function<void(session_rig&, int first, int count)> begin;
    std::function<int(session_rig&)> calls;
    bool of_the_database;
};

int redis_calls(session_rig& r) { return r.redis.any.calls; }
int redis_writes(session_rig& r) { return r.redis.writes.calls; }
int database_calls(session_rig& r) { return r.database.any.calls; }

const outage outages[] = {
    {"Redis fails",
     [](session_rig& r, int first, int count) { r.redis.any = {.first = first, .count = count}; }, redis_calls, false},
    {"Redis does it and fails",
     [](session_rig& r, int first, int count) {
         r.redis.any = {.first = first, .count = count, .before = false};
     },
     redis_calls, false},
    {"Redis refuses a write",
     [](session_rig& r, int first, int count) {
         r.redis.writes = {.first = first, .count = count, .why = errc::redis_protocol};
     },
     redis_writes, false},
    {"the database is locked",
     [](session_rig& r, int first, int count) {
         r.database.any = {.first = first, .count = count, .why = errc::database_busy};
     },
     database_calls, true},
};

// Runs the flow with the N-th call failing, and `count - 1` after it, for every N.
void fail_each_call(const flow& each, const outage& fault, int count) {
    for (int n = 0;; ++n) {
        session_rig r{0ms};  // how long a no waits is told in session_service_test.cpp
        const auto cookie = each.prepare(r);
        INFO(each.name << ", " << fault.name << " at call " << n << ", " << count << " times");
        fault.begin(r, n, count);
        const int status = run_flow(r, each, cookie);
        const bool reached = fault.calls(r) > n;
        const bool known = each.lives ? status == 200 : status == 401;
        // Redis alone never costs an answer. Reuse and idleness rest while it is away, for only it knows of them.
        const bool rests = !each.lives && status == 200 &&
                           !r.database.sessions.at(r.who(cookie).session.text()).ended && !fault.of_the_database;
        const bool cannot_tell = fault.of_the_database && status == 503;
        CHECK((known || rests || cannot_tell));
        r.heal();
        CHECK(run_flow(r, each, cookie) == (each.lives ? 200 : 401));
        if (!reached) return;
    }
}

}  // namespace

TEST_CASE("whichever call fails, the living stay and the ended stay out") {
    for (const auto& each : flows) {
        for (const auto& fault : outages) {
            fail_each_call(each, fault, 1);
            fail_each_call(each, fault, faults::for_ever);
        }
    }
}

TEST_CASE("whichever call fails, a sign-in is good or did not happen") {
    for (const auto& fault : outages) {
        for (int n = 0;; ++n) {
            session_rig r;
            fault.begin(r, n, 1);
            INFO(fault.name << " at call " << n);
            const auto cookie = r.sign_in();
            CHECK((fault.of_the_database || !cookie.empty()));
            const bool reached = fault.calls(r) > n;
            r.heal();
            if (!cookie.empty()) CHECK(r.check(cookie).has_value());
            if (!reached) break;
        }
    }
}
