#include "auth-service/src/http/admin_answers.hpp"
#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/list_parameters.hpp"
#include "auth-service/src/http/people.hpp"
#include "auth-service/src/user/email.hpp"

namespace stagedoor::api {
namespace {

std::optional<bool> parse_yes_or_no(std::string_view text) {
    if (text == "true") return true;
    return text == "false" ? std::optional{false} : std::nullopt;
}

approval::list_query read_query(list_parameters& given) {
    approval::list_query query;
    query.status = given.take("status", parse_status, "has to be pending, active, rejected or suspended");
    query.search = given.text("q", limits::search_chars).value_or("");
    query.email = given.take("email", user::normalise_email, "has to be an e-mail address");
    query.user = given.take("id", user_id::parse, "has to be a user's id");
    query.before = given.take("cursor", user_id::parse, "has to be the nextCursor of an earlier page");
    query.limit = given.limit();
    query.with_totals = given.take("totals", parse_yes_or_no, "has to be true or false").value_or(true);
    return query;
}

answer decide(context& with, const http::request& request, admin_caller by, std::string_view action) {
    const auto user = user_id::parse(request.parameter("id"));
    if (!user) co_return refuse(errc::not_found);
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    approval::transition_request wanted{*user, find_transition(action), {}, {}};
    wanted.reason = read_optional_text(*body, "reason", limits::reason_chars).value_or("");
    wanted.expected_version = body->optional_integer("expectedVersion");
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    auto who = by.actor();
    const auto decided = co_await with.approvals.decide(std::move(wanted), std::move(who));
    if (!decided) co_return refuse(decided.error());
    if (!decided->outcome.applied()) co_return undone_problem(decided->outcome, action);
    co_return http::response::json(200, decided_json(*decided));
}

}  // namespace

answer list_stage_managers(context& with, const http::request& request, admin_caller) {
    auto given = list_parameters::of(request);
    if (!given) co_return refuse(given.error());
    auto query = read_query(*given);
    if (!given->finish()) co_return refuse(errc::validation_failed, given->errors());
    const auto page = co_await with.approvals.list(std::move(query));
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, page_json(*page));
}

// Anybody, admins too: for tools that are told an e-mail or find an id somewhere.
answer list_users(context& with, const http::request& request, admin_caller) {
    auto given = list_parameters::of(request);
    if (!given) co_return refuse(given.error());
    const auto id = given->take("id", user_id::parse, "has to be a user's id");
    auto email = given->take("email", user::normalise_email, "has to be an e-mail address");
    if (given->errors().empty() && id.has_value() == email.has_value()) {
        given->complain("id", "this list is asked for one user: by `id` or by `email`");
    }
    if (!given->finish()) co_return refuse(errc::validation_failed, given->errors());
    auto who = id ? approval::user_ref{*id} : approval::user_ref{std::move(*email)};
    const auto found = co_await with.approvals.find(std::move(who));
    if (!found) co_return refuse(found.error());
    co_return http::response::json(200, user_json(*found));
}

answer approve(context& with, const http::request& request, admin_caller by) {
    return decide(with, request, std::move(by), "approve");
}
answer reject(context& with, const http::request& request, admin_caller by) {
    return decide(with, request, std::move(by), "reject");
}
answer reconsider(context& with, const http::request& request, admin_caller by) {
    return decide(with, request, std::move(by), "reconsider");
}
answer suspend(context& with, const http::request& request, admin_caller by) {
    return decide(with, request, std::move(by), "suspend");
}
answer reinstate(context& with, const http::request& request, admin_caller by) {
    return decide(with, request, std::move(by), "reinstate");
}

}  // namespace stagedoor::api
