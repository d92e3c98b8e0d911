#include <array>
#include <catch2/catch.hpp>
#include <memory>

#include "common/redis/callback.hpp"

using stagedoor::redis::callback;

TEST_CASE("a callback calls its target once and is empty afterwards") {
    int sum = 0;
    callback<int> add = [&sum](int n) { sum += n; };
    REQUIRE(add);
    add(3);
    CHECK(sum == 3);
    CHECK_FALSE(add);
}

TEST_CASE("a callback moves targets that cannot be copied, small or large") {
    int seen = 0;
    callback<int> small = [&seen, owned = std::make_unique<int>(1)](int n) { seen = n + *owned; };
    std::array<int, 64> weight{};
    weight[63] = 10;
    callback<int> large = [&seen, weight, owned = std::make_unique<int>(1)](int n) { seen = n + weight[63] + *owned; };

    callback<int> moved = std::move(small);
    CHECK_FALSE(small);  // NOLINT: a moved-from callback is empty
    moved(1);
    CHECK(seen == 2);
    moved = std::move(large);
    moved(1);
    CHECK(seen == 12);
}

TEST_CASE("a callback that is never called destroys its target") {
    const auto witness = std::make_shared<int>(0);
    {
        callback<int> first = [witness](int) {};
        callback<int> second = std::move(first);
        second = callback<int>{[witness](int) {}};
        CHECK(witness.use_count() == 2);
    }
    CHECK(witness.use_count() == 1);
}

TEST_CASE("a target may replace the callback that is calling it") {
    callback<int> again;
    int calls = 0;
    struct step {
        callback<int>& slot;
        int& calls;
        void operator()(int n) const {
            ++calls;
            if (n > 0) slot = step{slot, calls};
        }
    };
    again = step{again, calls};
    again(1);
    REQUIRE(again);
    again(0);
    CHECK(calls == 2);
    CHECK_FALSE(again);
}
