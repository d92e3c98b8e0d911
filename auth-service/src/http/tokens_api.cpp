#include "auth-service/src/http/admin_answers.hpp"
#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/list_parameters.hpp"
#include "auth-service/src/http/people.hpp"

namespace stagedoor::api {
namespace {

using std::chrono::days;

struct wanted_token {
    std::string name;
    admin::token_scope scope = admin::token_scope::read;
    std::chrono::milliseconds life = limits::api_token_life_default;
};

wanted_token read_token(body_reader& body) {
    wanted_token wanted;
    const auto name = read_optional_line(body, "name", limits::api_token_name_chars);
    wanted.name = trim(name.value_or(""));
    if (wanted.name.empty()) body.complain("name", "is required");
    const auto scope = admin::parse_scope(body.text("scope", {1, limits::api_token_name_chars}));
    if (!scope) body.complain("scope", "has to be read or approve");
    wanted.scope = scope.value_or(admin::token_scope::read);
    const auto life = body.optional_integer("expiresInDays");
    if (life && (*life < 1 || *life > limits::api_token_life_max.count())) {
        body.complain("expiresInDays", "has to be 1 to " + std::to_string(limits::api_token_life_max.count()));
    } else if (life) {
        wanted.life = days{*life};
    }
    return wanted;
}

}  // namespace

answer list_tokens(context& with, const http::request& request, admin_caller) {
    auto given = list_parameters::of(request);
    if (!given) co_return refuse(given.error());
    const auto before = given->take("cursor", admin::token_id::parse, "has to be the nextCursor of an earlier page");
    const auto limit = given->limit();
    if (!given->finish()) co_return refuse(errc::validation_failed, given->errors());
    const auto page = co_await with.tokens.store().list(before, limit);
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, tokens_json(*page));
}

answer create_token(context& with, const http::request& request, admin_caller by) {
    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    auto wanted = read_token(*body);
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());
    auto who = by.actor();
    const auto made =
        co_await with.tokens.create(by.user.id, std::move(wanted.name), wanted.scope, wanted.life, std::move(who));
    if (!made) co_return refuse(made.error());
    co_return http::response::json(201, made_token_json(*made));
}

// Whoever holds a token may at least end it.
answer revoke_token(context& with, const http::request& request, admin_caller by) {
    const auto token = admin::token_id::parse(request.parameter("id"));
    if (by.token && token != by.token) co_return refuse(errc::insufficient_scope);
    if (!token) co_return refuse(errc::not_found);
    if (auto complaint = complaint_about_body(request)) co_return std::move(*complaint);
    auto who = by.actor();
    const auto revoked = co_await with.tokens.store().revoke(*token, std::move(who));
    if (!revoked) co_return refuse(revoked.error());
    co_return http::response{204};
}

}  // namespace stagedoor::api
