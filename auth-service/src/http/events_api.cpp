// What came of events: for admins.
#include <charconv>

#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"

namespace stagedoor::api {
namespace {

using events::event_way;
using events::parked_page;

void append_text_or_null(std::string& out, std::string_view name, const std::optional<std::string>& text) {
    out.append(",\"").append(name).append("\":");
    if (text) {
        append_json_string(out, *text);
    } else {
        out.append("null");
    }
}

std::string way_json(const event_way& way) {
    const auto& record = way.record;
    std::string out = "{\"event\":" + to_frame(record.event);
    out.append(",\"committed\":{\"at\":\"").append(format_rfc3339(record.event.at)).append("\",\"actor\":");
    append_json_string(out, record.actor);
    out.append(",\"origin\":");
    append_json_string(out, record.origin);
    out.append("},\"relay\":{\"state\":\"").append(to_string(way.state)).append("\"");
    const auto outbox = record.outbox.value_or(events::event_record::outbox_state{});
    append_text_or_null(out, "at", outbox.published_at ? std::optional{format_rfc3339(*outbox.published_at)} : std::nullopt);
    append_text_or_null(out, "parkedReason", way.state == events::relay_state::parked ? outbox.parked : std::nullopt);
    out.append("},\"sockets\":");
    if (way.sockets) {
        out.append("{\"listeners\":").append(std::to_string(way.sockets->listeners));
        out.append(",\"written\":").append(std::to_string(way.sockets->written));
        out.append(",\"acknowledged\":").append(std::to_string(way.sockets->acknowledged));
        out.append(",\"waiting\":").append(std::to_string(way.sockets->waiting)).append("}");
    } else {
        out.append("null");
    }
    append_text_or_null(out, "whyNot", way.why_not ? std::optional{std::string{to_string(*way.why_not)}} : std::nullopt);
    return out + "}";
}

std::string parked_json(const parked_page& page) {
    std::string out = "{\"items\":[";
    for (const auto& item : page.items) {
        if (out.back() != '[') out.append(",");
        out.append("{\"userId\":\"").append(item.user.text()).append("\"");
        append_text_or_null(out, "eventId", item.version ? std::optional{event_id(item.user, *item.version)} : std::nullopt);
        append_text_or_null(out, "sessionId", item.session);
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

struct parked_query {
    std::int64_t after = 0;
    std::size_t limit = limits::page_default;
};

template <class Number>
std::optional<Number> parse_number(std::string_view text, Number least, Number most) {
    Number value{};
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (ec != std::errc{} || end != text.data() + text.size() || value < least || value > most) return std::nullopt;
    return value;
}

parked_query read_query(const http::query& given, std::vector<field_error>& errors) {
    parked_query query;
    bool state_given = false;
    for (const auto& [name, value] : given.all()) {
        if (name == "state") {
            state_given = true;
            if (value != "parked") errors.push_back({name, "has to be parked: other events are asked for by id"});
        } else if (name == "cursor") {
            const auto after = parse_number<std::int64_t>(value, 0, INT64_MAX);
            query.after = after.value_or(0);
            if (!after) errors.push_back({name, "has to be the nextCursor of an earlier page"});
        } else if (name == "limit") {
            const auto limit = parse_number<std::size_t>(value, 1, limits::page_max);
            query.limit = limit.value_or(limits::page_default);
            if (!limit) errors.push_back({name, "has to be 1 to " + std::to_string(limits::page_max)});
        } else {
            errors.push_back({name, "is not a known parameter"});
        }
    }
    if (!state_given) errors.push_back({"state", "has to be parked: other events are asked for by id"});
    return query;
}

}  // namespace

answer show_event(context& with, const http::request& request, admin_caller) {
    const auto which = events::event_ref::parse(request.parameter("id"));
    if (!which) co_return refuse(errc::not_found);
    const auto way = co_await with.events.way_of(*which);
    if (!way) co_return refuse(way.error());
    co_return http::response::json(200, way_json(*way));
}

answer list_events(context& with, const http::request& request, admin_caller) {
    const auto given = request.query();
    if (!given) co_return refuse(given.error());
    std::vector<field_error> errors;
    const auto query = read_query(*given, errors);
    if (!errors.empty()) co_return refuse(errc::validation_failed, errors);
    const auto page = co_await with.events.parked(query.after, query.limit);
    if (!page) co_return refuse(page.error());
    co_return http::response::json(200, parked_json(*page));
}

}  // namespace stagedoor::api
