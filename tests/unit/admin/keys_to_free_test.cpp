#include "auth-service/src/admin/keys_to_free.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using admin::keys_to_free;
using namespace std::chrono_literals;

namespace {

constexpr keys_to_free::time_point start{1h};

}  // namespace

TEST_CASE("a key that is to be freed is taken once, and not when its lease is over") {
    keys_to_free keys;
    keys.note({{1}, start + 29s});
    keys.note({{2}, start + 1s});
    const auto taken = keys.take(start + 1s);
    REQUIRE(taken.size() == 1);
    CHECK(taken[0].key == sha256_digest{1});
    CHECK(keys.take(start).empty());
    keys.note(taken[0]);
    CHECK(keys.take(start + 28s).size() == 1);
}

TEST_CASE("keys that are to be freed are bounded") {
    keys_to_free keys;
    for (std::size_t i = 0; i <= limits::kept_answers; ++i) keys.note({{}, start});
    CHECK(keys.take(start - 1s).size() == limits::kept_answers);
}
