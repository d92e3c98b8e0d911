// What came of events: for admins.
#include "auth-service/src/http/admin_answers.hpp"
#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "auth-service/src/http/list_parameters.hpp"
#include "common/core/parsing.hpp"

namespace stagedoor::api {
namespace {

using events::event_way;
using events::parked_page;

std::string way_json(const event_way& way) {
    const auto& record = way.record;
    std::string out = "{\"event\":" + to_frame(record.event);
    out.append(",\"committed\":{\"at\":\"").append(format_rfc3339(record.event.at)).append("\",\"actor\":");
    append_json_string(out, record.actor);
    out.append(",\"origin\":");
    append_json_string(out, record.origin);
    out.append("},\"relay\":{\"state\":\"").append(to_string(way.state)).append("\"");
    const auto outbox = record.outbox.value_or(events::event_record::outbox_state{});
    append_optional(out, "at", outbox.published_at ? std::optional{format_rfc3339(*outbox.published_at)} : std::nullopt);
    append_optional(out, "parkedReason", way.state == events::relay_state::parked ? outbox.parked : std::nullopt);
    out.append("},\"sockets\":");
    if (way.sockets) {
        out.append("{\"listeners\":").append(std::to_string(way.sockets->listeners));
        out.append(",\"written\":").append(std::to_string(way.sockets->written));
        out.append(",\"acknowledged\":").append(std::to_string(way.sockets->acknowledged));
        out.append(",\"waiting\":").append(std::to_string(way.sockets->waiting));
        out.append(",\"ended\":").append(std::to_string(way.sockets->ended)).append("}");
    } else {
        out.append("null");
    }
    append_optional(out, "whyNot", way.why_not ? std::optional{std::string{to_string(*way.why_not)}} : std::nullopt);
    return out + "}";
}

std::string parked_json(const parked_page& page) {
    std::string out = "{\"items\":[";
    for (const auto& item : page.items) {
        if (out.back() != '[') out.append(",");
        out.append("{\"userId\":\"").append(item.user.text()).append("\"");
        append_optional(out, "eventId", item.version ? std::optional{event_id(item.user, *item.version)} : std::nullopt);
        append_optional(out, "sessionId", item.session);
        out.append(",\"committed\":{\"at\":\"").append(format_rfc3339(item.at)).append("\",\"actor\":");
        append_json_string(out, item.actor);
        out.append("},\"parkedReason\":");
        append_json_string(out, item.reason);
        out.append(",\"attempts\":").append(std::to_string(item.attempts)).append("}");
    }
    out.append("],\"nextCursor\":");
    out.append(page.more ? "\"" + std::to_string(page.items.back().id) + "\"" : "null");
    return out + "}";
}

constexpr std::string_view state_complaint = "has to be parked: other events are asked for by id";

std::optional<std::string_view> parse_state(std::string_view text) noexcept {
    if (text != "parked") return std::nullopt;
    return text;
}

// An id of the outbox.
std::optional<std::int64_t> parse_row(std::string_view text) noexcept { return parse_integer(text, 0); }

}  // namespace

answer show_event(context& with, const http::request& request, admin_caller) {
    const auto which = events::event_ref::parse(request.parameter("id"));
    if (!which) co_return refuse(errc::not_found);
    const auto way = co_await with.events.way_of(*which);
    if (!way) co_return refuse(way.error());
    co_return http::response::json(200, way_json(*way));
}

answer list_events(context& with, const http::request& request, admin_caller) {
    auto given = list_parameters::of(request);
    if (!given) co_return refuse(given.error());
    const auto state = given->take("state", parse_state, state_complaint);
    const auto after = given->take("cursor", parse_row, "has to be the nextCursor of an earlier page");
    const auto limit = given->limit();
    const bool fine = given->finish();
    if (!fine) co_return refuse(errc::validation_failed, given->errors());
    if (!state) {
        std::vector<field_error> missing{{"state", std::string{state_complaint}}};
        co_return refuse(errc::validation_failed, std::move(missing));
    }
    const auto page = co_await with.events.parked(after.value_or(0), limit);
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, parked_json(*page));
}

}  // namespace stagedoor::api
