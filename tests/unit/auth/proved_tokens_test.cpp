#include "auth-service/src/session/proved_tokens.hpp"

#include <catch2/catch.hpp>

using namespace stagedoor::session;

namespace {

parsed_token token_of(int session) {
    parsed_token made{};
    made.claims.session.bytes[0] = static_cast<std::uint8_t>(session >> 8);
    made.claims.session.bytes[1] = static_cast<std::uint8_t>(session);
    made.proof.fill(7);
    return made;
}

}  // namespace

TEST_CASE("nothing is proved before it was found genuine, an empty token least of all", "[proved]") {
    const proved_tokens proved;
    CHECK_FALSE(proved.contains(parsed_token{}));
    CHECK_FALSE(proved.contains(token_of(1)));
}

TEST_CASE("only the very token that was found genuine is proved", "[proved]") {
    proved_tokens proved;
    proved.add(token_of(1));
    REQUIRE(proved.contains(token_of(1)));
    auto other = token_of(1);
    SECTION("another proof") { other.proof.back() ^= 1; }
    SECTION("another generation") { ++other.claims.generation; }
    SECTION("another key") { ++other.claims.key_id; }
    SECTION("another user") { other.claims.user.bytes.back() ^= 1; }
    SECTION("another session") { other.claims.session.bytes.back() ^= 1; }
    CHECK_FALSE(proved.contains(other));
    CHECK(proved.contains(token_of(1)));
}

TEST_CASE("a newcomer takes the place of whom it meets, and nobody is taken for another", "[proved]") {
    proved_tokens proved;
    const auto first = token_of(1);
    const auto second = token_of(1 + static_cast<int>(proved_tokens::places));
    proved.add(first);
    proved.add(second);
    CHECK(proved.contains(second));
    CHECK_FALSE(proved.contains(first));
}
