#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/http/handlers.hpp"
#include "auth-service/src/http/people.hpp"

namespace stagedoor::api {

answer show_profile(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    if (const auto allowed = require_stage_manager(who->user); !allowed) co_return refuse(allowed.error());

    const auto profile = co_await with.users.find_profile(who->user.id);
    if (!profile) co_return refuse(profile.error());
    co_return http::response::json(200, profile_json(who->user, *profile));
}

answer update_profile(context& with, const http::request& request) {
    const auto who = co_await who_asks(with, request);
    if (!who) co_return refuse(who.error());
    if (const auto allowed = require_stage_manager(who->user); !allowed) co_return refuse(allowed.error());

    auto body = body_reader::parse(request.body());
    if (!body) co_return refuse(body.error());
    user::profile_patch patch;
    patch.display_name = read_optional_display_name(*body);
    patch.phone = read_optional_line(*body, "phone", limits::phone_chars);
    patch.company = read_optional_line(*body, "company", limits::company_chars);
    patch.bio = read_optional_text(*body, "bio", limits::bio_chars);
    if (!body->finish()) co_return refuse(errc::validation_failed, body->errors());

    auto by = actor_of(*who, request);
    auto changed = co_await with.users.update_profile(who->user.id, std::move(patch), std::move(by));
    if (!changed) co_return refuse(changed.error());
    if (changed->user.event) {
        approval::outbox_row row{changed->user.outbox_id, std::move(*changed->user.event)};
        co_await with.relay.deliver(std::move(row));
    }
    co_return http::response::json(200, profile_json(changed->user.facts, changed->profile));
}

}  // namespace stagedoor::api
