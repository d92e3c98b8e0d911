#include "auth-service/src/http/admin_answers.hpp"
#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/list_parameters.hpp"
#include "common/core/parsing.hpp"

namespace stagedoor::api {
namespace {

constexpr std::size_t actor_chars = 100;  // the schema's
constexpr std::size_t action_chars = 40;  // the schema's
constexpr std::string_view time_complaint = "has to be an RFC 3339 time, like 2026-11-25T19:57:00Z";

constexpr std::string_view newest = "newest";

// An entry's id; nothing for the end of the log.
struct follow_place {
    std::optional<std::int64_t> after;
};

std::optional<follow_place> parse_place(std::string_view text) noexcept {
    if (text == newest) return follow_place{};
    const auto id = parse_integer(text, 0);
    return id ? std::optional{follow_place{*id}} : std::nullopt;
}

admin::audit_query read_query(list_parameters& given) {
    admin::audit_query query;
    query.user = given.take("user", user_id::parse, "has to be a user's id");
    query.actor = given.text("actor", actor_chars);
    query.action = given.text("action", action_chars);
    query.since = given.take("since", parse_rfc3339, time_complaint);
    query.until = given.take("until", parse_rfc3339, time_complaint);
    query.limit = given.limit();
    return query;
}

}  // namespace

answer list_audit(context& with, const http::request& request, admin_caller) {
    auto given = list_parameters::of(request);
    if (!given) co_return refuse(given.error());
    auto query = read_query(*given);
    const auto from = given->take("after", parse_place, "has to be an entry's id, or `newest`");
    query.before = given->take("cursor", admin::parse_cursor, "has to be the nextCursor of an earlier page");
    if (from && query.before) given->complain("cursor", "does not go with `after`: give its nextCursor as `after` again");
    if (!given->finish()) co_return refuse(errc::validation_failed, given->errors());
    if (from) {
        const auto stretch = co_await with.audit.follow(std::move(query), from->after);
        if (!stretch) co_return refuse(stretch.error());
        co_return http::response::json(200, audit_json(*stretch));
    }
    const auto page = co_await with.audit.list(std::move(query));
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, audit_json(*page));
}

}  // namespace stagedoor::api
