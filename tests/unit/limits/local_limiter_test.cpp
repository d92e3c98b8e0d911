#include "auth-service/src/limits/local_limiter.hpp"

#include <thread>
#include <vector>

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::rate_limit;
using namespace std::chrono_literals;

namespace {

const local_limiter::time_point start{};

question take(std::string subject, kind what = kind::account) { return {what, std::move(subject), {2, 10s}, step::take}; }

}  // namespace

TEST_CASE("a node counts each subject and each kind by itself") {
    local_limiter limiter;
    CHECK(limiter.decide(take("a"), start).allowed);
    CHECK(limiter.decide(take("a"), start).allowed);
    CHECK_FALSE(limiter.decide(take("a"), start).allowed);
    CHECK(limiter.decide(take("b"), start).allowed);
    CHECK(limiter.decide(take("a", kind::device), start).allowed);
    CHECK(limiter.decide(take("a"), start + 5s).allowed);
    CHECK_FALSE(limiter.decide(take("a"), start + 5s).allowed);
}

TEST_CASE("of too many subjects a node forgets the longest unused") {
    local_limiter limiter{3};
    for (const auto* const subject : {"a", "b", "c"}) limiter.decide(take(subject), start);
    limiter.decide(take("a"), start);  // a is full now, and the last used
    limiter.decide(take("d"), start);
    CHECK(limiter.size() == 3);
    CHECK_FALSE(limiter.decide(take("a"), start).allowed);
    CHECK(limiter.decide(take("b"), start).owed == 5s);  // b begins anew
    CHECK(limiter.size() == 3);
}

TEST_CASE("a look at a subject that nobody knows keeps nothing") {
    local_limiter limiter;
    CHECK(limiter.decide({kind::account, "a", {2, 10s}, step::look}, start).allowed);
    CHECK(limiter.size() == 0);
}

TEST_CASE("threads that ask at once are given no more than there is") {
    local_limiter limiter;
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 1'000; ++n) {
                if (limiter.decide({kind::sign_in, "a", {100, 1h}, step::take}, start).allowed) ++taken;
            }
        });
    }
    for (auto& thread : threads) thread.join();
    CHECK(taken == 100);
}
