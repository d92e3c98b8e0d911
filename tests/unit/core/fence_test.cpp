// The words of the fence.
#include "common/core/fence.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;

namespace {

const fence whole{"0a1b", "Zx_9-aa", 7, from_unix_ms(1'700'000'000'123), fence_step::fed, "", 42, "u.3"};

}  // namespace

TEST_CASE("a fence is one line of nine words, and reads back as it was") {
    CHECK(format_fence(whole) == "f1 0a1b Zx_9-aa 7 1700000000123 fed - 42 u.3");
    CHECK(parse_fence(format_fence(whole)) == whole);
    auto replaying = whole;
    for (const auto step : {fence_step::forget, fence_step::bury, fence_step::send}) {
        replaying.step = step;
        replaying.walked = "128";
        replaying.cursor = 0;
        replaying.event = "";
        CHECK(parse_fence(format_fence(replaying)) == replaying);
    }
}

TEST_CASE("what is no fence counts as none") {
    for (const auto* const text : {"", "f1", "f2 a b 1 1 fed - 1 e", "f1 a b 1 1 fed - 1", "f1 a b 1 1 fed - 1 e f",
                                   "f1 a b x 1 fed - 1 e", "f1 a b 1 1 done - 1 e", "f1 a b 1 1 fed - -1 e",
                                   "f1  b 1 1 fed - 1 e", "f1 a b 1 99999999999999999999 fed - 1 e"}) {
        INFO(text);
        CHECK_FALSE(parse_fence(text));
    }
}

TEST_CASE("data is whole when nothing is left to be done, and the process that bears it is the one that was fed") {
    CHECK(is_good(whole, "0a1b"));
    CHECK_FALSE(is_good(whole, "other"));
    CHECK_FALSE(is_good(whole, ""));
    CHECK_FALSE(is_good(std::nullopt, "0a1b"));
    auto replaying = whole;
    replaying.step = fence_step::send;
    CHECK_FALSE(is_good(replaying, "0a1b"));
}
