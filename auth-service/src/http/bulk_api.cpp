#include "auth-service/src/http/admin_answers.hpp"
#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/people.hpp"

namespace stagedoor::api {
namespace {

const transition* read_action(body_reader& body) {
    const auto action = body.text("action", {1, limits::search_chars});
    const auto* const what = find_transition(action);
    if (!what && !action.empty()) {
        body.complain("action", "has to be approve, reject, reconsider, suspend or reinstate");
    }
    return what;
}

std::vector<user_id> read_ids(body_reader& body) {
    std::vector<user_id> users;
    const auto given = body.texts("ids", limits::bulk_ids);
    if (!given) return users;
    if (given->empty()) body.complain("ids", "must not be empty");
    users.reserve(given->size());
    for (const auto text : *given) {
        const auto user = user_id::parse(text);
        if (!user) {
            body.complain("ids", "entry " + std::to_string(users.size() + 1) + " is no user's id");
            break;
        }
        users.push_back(*user);
    }
    return users;
}

// One for each of `users`, or none at all.
std::vector<std::int64_t> read_versions(body_reader& body, const std::vector<user_id>& users) {
    auto given = body.optional_integers("expectedVersions", limits::bulk_ids);
    if (!given) return {};
    if (given->size() != users.size()) body.complain("expectedVersions", "has to have one entry for each of ids");
    return std::move(*given);
}

}  // namespace

answer decide_bulk(context& with, const http::request& request, admin_caller by) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    approval::bulk_request wanted;
    wanted.what = read_action(*body);
    wanted.users = read_ids(*body);
    wanted.expected_versions = read_versions(*body, wanted.users);
    wanted.reason = read_optional_text(*body, "reason", limits::reason_chars).value_or("");
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    const auto users = wanted.users;
    auto who = by.actor();
    const auto begin_until = std::chrono::steady_clock::now() + approval::bulk_time;
    const auto decided = co_await with.approvals.decide_all(std::move(wanted), std::move(who), begin_until);
    if (!decided) co_return refuse(decided.error());
    auto answered = http::response::json(200, bulk_json(users, *decided));
    // Not all of it is done: whoever sends it again, with the same Idempotency-Key or without, goes on where it ended.
    if (!is_whole(*decided)) answered.add("Retry-After", "1");
    co_return answered;
}

runtime::task<std::optional<http::response>> bulk_may_be_large(context& with, const http::request& request) {
    auto refused = co_await refuse_large(with, request, admin_right::approve);
    co_return refused;
}

}  // namespace stagedoor::api
