#include "tests/support/catch.hpp"
#include <set>

#include "common/core/close_code.hpp"
#include "common/core/errc.hpp"
#include "common/core/limits.hpp"
#include "common/core/user.hpp"

using namespace stagedoor;

TEST_CASE("every error has a problem of its own with a status that fits") {
    std::set<std::string_view> codes;
    for (int value = 1; value <= static_cast<int>(errc::shutting_down); ++value) {
        const auto error = static_cast<errc>(value);
        const auto& problem = problem_of(error);
        INFO(value << " " << problem.code);
        CHECK(problem.error == error);
        CHECK(problem.status >= 400);
        CHECK(problem.status < 600);
        CHECK(codes.insert(problem.code).second);
        CHECK(find_problem(problem.code) == &problem);
        CHECK(problem.title.ends_with('.'));
    }
    CHECK(codes.size() == problem_table.size());
}

TEST_CASE("every error that ends a socket has a close code of the table") {
    for (int value = 1; value <= static_cast<int>(errc::shutting_down); ++value) {
        const auto code = close_code_of(static_cast<errc>(value));
        CHECK(rule_of(code).code == code);
    }
}

TEST_CASE("close reasons fit into a close frame") {
    for (const auto& rule : close_table) CHECK(rule.reason.size() <= limits::ws_reason_bytes);
}

TEST_CASE("delays belong to codes that clients come back after, and so do the statuses that say so") {
    for (const auto& rule : close_table) {
        INFO(static_cast<int>(rule.code));
        CHECK((rule.latest_ms == 0) == (rule.advice == reconnect::never));
        CHECK(rule.soonest_ms <= rule.latest_ms);
        // 401 and 403 alone say that it is no use; a browser's EventSource gives up for good.
        CHECK((rule.status == 401 || rule.status == 403) == (rule.advice == reconnect::never));
        if (rule.advice == reconnect::after) CHECK((rule.status == 429 || rule.status == 503));
    }
}

TEST_CASE("what a session may end for is refused, as an event stream, with the status of the table") {
    for (int value = 1; value <= static_cast<int>(errc::shutting_down); ++value) {
        const auto error = static_cast<errc>(value);
        const auto& rule = rule_of(close_code_of(error));
        if (rule.advice == reconnect::never) CHECK(problem_of(error).status == rule.status);
    }
}

TEST_CASE("only a session that is known to be over ends for ever") {
    CHECK(close_code_of(errc::session_signed_out) == close_code::session_over);
    CHECK(close_code_of(errc::session_unknown) == close_code::session_unclear);
    CHECK(close_code_of(errc::session_token_reused) == close_code::session_unclear);
    CHECK(close_code_of(errc::redis_unavailable) == close_code::try_again_later);
    CHECK(close_code_of(errc::account_suspended) == close_code::account_suspended);
}

TEST_CASE("names of roles and statuses are read back") {
    for (const auto role : all_roles) CHECK(parse_role(to_string(role)) == role);
    for (const auto status : all_statuses) CHECK(parse_status(to_string(status)) == status);
    CHECK_FALSE(parse_role("owner"));
    CHECK_FALSE(parse_status("Active"));
}

TEST_CASE("no status can be left and entered by two actions") {
    for (const auto& row : transition_table) {
        CHECK(find_transition(row.action) == &row);
        CHECK(row.from != row.to);
    }
    CHECK_FALSE(find_transition("delete"));
}
