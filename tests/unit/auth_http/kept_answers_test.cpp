#include "auth-service/src/http/kept_answers.hpp"

#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using api::parse_idempotency_key;

TEST_CASE("an Idempotency-Key comes in quotes or bare, visible and bounded") {
    CHECK(parse_idempotency_key("\"8e03978e-40d5\"") == "8e03978e-40d5");
    CHECK(parse_idempotency_key("8e03978e-40d5") == "8e03978e-40d5");
    CHECK(parse_idempotency_key(std::string(limits::idempotency_key_chars, 'x')));
    CHECK(parse_idempotency_key("\"" + std::string(limits::idempotency_key_chars, 'x') + "\""));
    const auto too_long = std::string(limits::idempotency_key_chars + 1, 'x');
    for (const std::string& wrong :
         {std::string{}, std::string{"\""}, std::string{"\"\""}, std::string{"a b"}, std::string{"\"a\"b\""},
          std::string{"a\\b"}, std::string{"\"a"}, std::string{"k\xc3\xa9"}, std::string{"a\tb"}, too_long}) {
        INFO(wrong);
        CHECK_FALSE(parse_idempotency_key(wrong));
    }
}
