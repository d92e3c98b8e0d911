#include "auth-service/src/http/kept_answers.hpp"

#include "auth-service/src/http/admin_answers.hpp"
#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using api::parse_idempotency_key;
using http::response;

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

TEST_CASE("an answer that asks to be asked again is not final; a refusal is") {
    CHECK(api::is_final(response::json(200, "{}")));
    CHECK(api::is_final(response{204}));
    CHECK(api::is_final(response::problem(errc::invalid_transition)));
    CHECK(api::is_final(response::problem(errc::validation_failed)));
    CHECK_FALSE(api::is_final(response::problem(errc::database_busy)));
    CHECK_FALSE(api::is_final(response::problem(errc::internal_error)));
    CHECK_FALSE(api::is_final(response::problem(errc::rate_limited)));
    CHECK_FALSE(api::is_final(response::json(200, "{}").add("Retry-After", "1")));
}

TEST_CASE("a decision about many is whole when none has failed, whatever the others are") {
    approval::bulk_decided decided;
    decided.outcomes.emplace_back(approval::transition_outcome{});
    decided.outcomes.emplace_back(errc::not_found);
    CHECK(api::is_whole(decided));
    decided.outcomes.emplace_back(errc::database_busy);
    CHECK_FALSE(api::is_whole(decided));
}
