#include "auth-service/src/limits/gcra.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::rate_limit;
using namespace std::chrono_literals;

namespace {

// A limit with a clock that is set by hand.
struct meter {
    rate limit;
    debt owed{};

    bool operator()(step how = step::take) {
        const auto decided = decide(limit, owed, how);
        owed = decided.owed;
        return decided.allowed;
    }
    int take_all() {
        int taken = 0;
        while ((*this)()) ++taken;
        return taken;
    }
    void pass(debt time) { owed = std::max(owed - time, debt{0}); }
};

}  // namespace

TEST_CASE("the whole count may come at once, and no more") {
    for (const rate limit : {rate{10, 15min}, rate{1, 1s}, rate{7, 1s}, rate{1'000'000, 1s}, rate{1'200, 1min}}) {
        meter limited{limit};
        CHECK(limited.take_all() == static_cast<int>(limit.count));
    }
}

TEST_CASE("what was used comes back one by one, evenly") {
    meter limited{{10, 10s}};
    limited.take_all();
    limited.pass(999ms);
    CHECK_FALSE(limited());
    limited.pass(1ms);
    CHECK(limited());
    CHECK_FALSE(limited());
    limited.pass(3s);
    CHECK(limited.take_all() == 3);
    limited.pass(1h);
    CHECK(limited.take_all() == 10);
}

TEST_CASE("over any time no more is used than the count and what has come back") {
    meter limited{{10, 10s}};
    int taken = 0;
    for (int i = 0; i < 1'000; ++i) {
        taken += limited.take_all();
        limited.pass(100ms);
    }
    CHECK(taken == 10 + 99);  // 100 s, of which the last step gives nothing back in time
}

TEST_CASE("a refusal and a look use nothing") {
    meter limited{{2, 10s}};
    CHECK(limited(step::look));
    CHECK(limited.owed == 0s);
    limited.take_all();
    const auto before = limited.owed;
    CHECK_FALSE(limited(step::take));
    CHECK_FALSE(limited(step::look));
    CHECK(limited.owed == before);
}

TEST_CASE("a charge uses one also when there is no room, so a volley costs what it was") {
    meter limited{{10, 10s}};
    for (int i = 0; i < 30; ++i) limited(step::charge);
    CHECK_FALSE(limited(step::look));
    CHECK(quota_of(limited.limit, limited.owed).retry_after == 21s);
    limited.pass(20s);
    CHECK_FALSE(limited(step::look));
    limited.pass(1s);
    CHECK(limited(step::look));
}

TEST_CASE("what is given back is there again, and never more than all") {
    meter limited{{3, 9s}};
    limited.take_all();
    limited(step::give_back);
    CHECK(limited.owed == 6s);
    CHECK(limited.take_all() == 1);
    limited.pass(8s);
    for (int i = 0; i < 5; ++i) limited(step::give_back);
    CHECK(limited.owed == 0s);
    CHECK(limited.take_all() == 3);
}

TEST_CASE("nobody is kept out for longer than ten periods") {
    meter limited{{10, 10s}};
    for (int i = 0; i < 10'000; ++i) limited(step::charge);
    CHECK(limited.owed == 100s);
}

TEST_CASE("the quota says what is left, when all is back, and how long to wait") {
    meter limited{{10, 15min}};
    CHECK(quota_of(limited.limit, limited.owed).remaining == 10);
    limited();
    auto quota = quota_of(limited.limit, limited.owed);
    CHECK(quota.remaining == 9);
    CHECK(quota.reset == 90s);
    CHECK(quota.retry_after == 0s);
    limited.take_all();
    quota = quota_of(limited.limit, limited.owed);
    CHECK(quota.remaining == 0);
    CHECK(quota.reset == 15min);
    CHECK(quota.retry_after == 90s);
    limited.pass(89'500ms);
    CHECK(quota_of(limited.limit, limited.owed).retry_after == 1s);  // rounded up: after it, there is room
    limited.pass(1s);
    CHECK(limited());
}
