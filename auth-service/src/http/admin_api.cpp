#include <charconv>

#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/people.hpp"

namespace stagedoor::api {
namespace {

std::optional<std::size_t> parse_limit(std::string_view text) {
    std::size_t value = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (value < 1 || value > limits::page_max) return std::nullopt;
    return value;
}

// Reads the query of a list; what is wrong with it is added to `errors`.
approval::list_query read_query(const http::query& given, std::vector<field_error>& errors) {
    approval::list_query query;
    for (const auto& [name, value] : given.all()) {
        if (name == "status") {
            query.status = parse_status(value);
            if (!query.status) errors.push_back({name, "has to be pending, active, rejected or suspended"});
        } else if (name == "q") {
            query.search = trim(value);
            if (count_chars(value) > limits::search_chars) {
                errors.push_back({name, "may have at most " + std::to_string(limits::search_chars) + " characters"});
            }
        } else if (name == "cursor") {
            query.before = user_id::parse(value);
            if (!query.before) errors.push_back({name, "has to be the nextCursor of an earlier page"});
        } else if (name == "limit") {
            const auto limit = parse_limit(value);
            query.limit = limit.value_or(limits::page_default);
            if (!limit) errors.push_back({name, "has to be 1 to " + std::to_string(limits::page_max)});
        } else {
            errors.push_back({name, "is not a known parameter"});
        }
    }
    return query;
}

answer decide(context& with, const http::request& request, std::string_view action) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    if (const auto allowed = require_admin(who->user); !allowed) co_return refuse(allowed.error());

    approval::transition_request wanted;
    const auto user = user_id::parse(request.parameter("id"));
    wanted.what = find_transition(action);
    if (!user) co_return refuse(errc::not_found);
    wanted.user = *user;
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    wanted.reason = read_optional_text(*body, "reason", limits::reason_chars).value_or("");
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    user::actor by{who->user.id.text()};
    const auto decided = co_await with.approvals.decide(std::move(wanted), std::move(by));
    if (!decided) co_return refuse(decided.error());
    if (!decided->outcome.applied) {
        std::string detail = "A user who is ";
        detail.append(to_string(decided->outcome.facts.status)).append(" cannot be the subject of ").append(action);
        co_return http::response::problem(errc::invalid_transition, detail + ".");
    }
    co_return http::response::json(200, decided_json(*decided));
}

}  // namespace

answer list_stage_managers(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    if (const auto allowed = require_admin(who->user); !allowed) co_return refuse(allowed.error());

    const auto given = request.query();
    if (!given) co_return refuse(given.error());
    std::vector<field_error> errors;
    auto query = read_query(*given, errors);
    if (!errors.empty()) co_return refuse(errc::validation_failed, errors);
    const auto page = co_await with.approvals.list(std::move(query));
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, page_json(*page));
}

answer approve(context& with, const http::request& request) { return decide(with, request, "approve"); }
answer reject(context& with, const http::request& request) { return decide(with, request, "reject"); }
answer reconsider(context& with, const http::request& request) { return decide(with, request, "reconsider"); }
answer suspend(context& with, const http::request& request) { return decide(with, request, "suspend"); }
answer reinstate(context& with, const http::request& request) { return decide(with, request, "reinstate"); }

}  // namespace stagedoor::api
