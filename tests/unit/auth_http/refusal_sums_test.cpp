// Which refusals have a line of their own, and that no count is lost.
#include "common/ops/refusal_sums.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using ops::refusal_sums;
using http::method;

TEST_CASE("the first refusal of a kind is told, those that follow are counted") {
    refusal_sums sums;
    CHECK(sums.empty());
    CHECK(sums.is_first(errc::overloaded, method::post, "/api/auth/login", ""));
    for (int i = 0; i < 3; ++i) CHECK_FALSE(sums.is_first(errc::overloaded, method::post, "/api/auth/login", ""));
    CHECK_FALSE(sums.empty());
    const auto told = sums.take();
    REQUIRE(told.size() == 1);
    CHECK(told[0].more == 3);
    CHECK(told[0].why == errc::overloaded);
    CHECK(told[0].verb == method::post);
    CHECK(told[0].route == "/api/auth/login");
}

TEST_CASE("another reason, method, path or subject is another kind") {
    refusal_sums sums;
    for (int i = 0; i < 2; ++i) {
        const bool first = i == 0;
        CHECK(sums.is_first(errc::overloaded, method::post, "/a", "") == first);
        CHECK(sums.is_first(errc::database_busy, method::post, "/a", "") == first);
        CHECK(sums.is_first(errc::overloaded, method::patch, "/a", "") == first);
        CHECK(sums.is_first(errc::overloaded, method::post, "/b", "") == first);
        CHECK(sums.is_first(errc::overloaded, method::post, "/a", "network:1") == first);
    }
    const auto told = sums.take();
    REQUIRE(told.size() == 5);
    for (const auto& each : told) CHECK(each.more == 1);
}

TEST_CASE("after the sums were taken every kind is new, and what came once is no sum") {
    refusal_sums sums;
    CHECK(sums.is_first(errc::overloaded, method::post, "/a", ""));
    CHECK(sums.take().empty());
    CHECK(sums.empty());
    CHECK(sums.is_first(errc::overloaded, method::post, "/a", ""));
}

TEST_CASE("what the outside makes up is told apart up to a bound, and counted beyond") {
    constexpr std::size_t crowd = 10 * refusal_sums::kinds_with_about;
    refusal_sums sums;
    std::uint64_t told_whole = 0, counted = 0;
    for (std::size_t i = 0; i < 2 * crowd; ++i) {
        told_whole += sums.is_first(errc::rate_limited, method::post, "/a", "network:" + std::to_string(i % crowd));
    }
    CHECK(told_whole == refusal_sums::kinds_with_about + 1);
    // One reason more is still a kind of its own.
    CHECK(sums.is_first(errc::overloaded, method::post, "/a", ""));
    const auto told = sums.take();
    CHECK(told.size() == refusal_sums::kinds_with_about + 1);
    for (const auto& each : told) counted += each.more;
    CHECK(told_whole + counted == 2 * crowd);
}
