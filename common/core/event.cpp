#include "common/core/event.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "common/core/json.hpp"
#include "common/core/parsing.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor {
namespace {

constexpr std::array<std::string_view, 7> event_kinds{"registered", "approved",   "rejected", "reconsidered",
                                                      "suspended",  "reinstated", "updated"};

std::string user_hash(const user_id& user) {
    const auto digest = sha256(std::span{user.bytes});
    return to_hex(std::span{digest}.first(4));
}

}  // namespace

std::optional<std::string_view> find_event_kind(std::string_view kind) noexcept {
    const auto at = std::ranges::find(event_kinds, kind);
    if (at == event_kinds.end()) return std::nullopt;
    return *at;
}

std::string event_id(const user_id& user, std::int64_t version) {
    return user.text() + "." + std::to_string(version);
}

std::string event_type(std::string_view kind) {
    if (kind == "updated") return std::string{user_updated_event};
    return std::string{stage_manager_event_prefix}.append(kind);
}

std::string make_cursor(const user_id& user, std::int64_t version) {
    return user_hash(user) + "-" + std::to_string(version);
}

std::optional<std::int64_t> parse_cursor(std::string_view cursor, const user_id& user) {
    cursor = cursor.substr(0, cursor.find('.'));  // a console's names a place in the admins' stream behind it
    const auto dash = cursor.find('-');
    if (dash == std::string_view::npos || cursor.substr(0, dash) != user_hash(user)) return std::nullopt;
    const auto version = parse_integer(cursor.substr(dash + 1));
    if (!version || *version < 0) return std::nullopt;
    return version;
}

std::string to_frame(const user_event& event) {
    const auto& facts = event.facts;
    const auto at = format_rfc3339(event.at);
    std::string out;
    out.reserve(640);
    out.append("{\"specversion\":\"1.0\",\"id\":\"").append(event_id(facts.id, facts.version));
    out.append("\",\"source\":\"").append(event_source);
    out.append("\",\"type\":\"").append(event_type(event.kind));
    out.append("\",\"subject\":\"").append(facts.id.text());
    out.append("\",\"time\":\"").append(at);
    out.append("\",\"cursor\":\"").append(make_cursor(facts.id, facts.version));
    out.append("\",\"datacontenttype\":\"application/json\",\"data\":{\"user\":");
    append_public_json(out, facts);
    out.append(",\"previousStatus\":");
    if (event.previous_status) {
        out.append("\"").append(to_string(*event.previous_status)).append("\"");
    } else {
        out.append("null");
    }
    out.append(",\"version\":").append(std::to_string(facts.version));
    out.append(",\"reason\":");
    if (event.reason.empty()) {
        out.append("null");
    } else {
        append_json_string(out, event.reason);
    }
    out.append(",\"at\":\"").append(at).append("\"}}");
    return out;
}

std::string to_letter(const user_event& event) {
    const auto& facts = event.facts;
    std::string out = "e ";
    out.append(std::to_string(facts.version)).append(" ");
    out.append(std::to_string(facts.epoch)).append(" ");
    out.append(facts.kept_session ? facts.kept_session->text() : "-").append(" ");
    out.append(facts.kept_epoch ? std::to_string(*facts.kept_epoch) : "-").append(" ");
    out.append(to_string(facts.status)).append(" ");
    out.append(to_frame(event));
    return out;
}

result<letter> parse_letter(std::string_view text) {
    if (!text.starts_with("e ")) return errc::redis_protocol;
    auto rest = text.substr(2);
    const auto version = parse_integer(next_word(rest));
    const auto epoch = parse_integer(next_word(rest));
    const auto kept_session = next_word(rest);
    const auto kept_epoch = next_word(rest);
    const auto status = parse_status(next_word(rest));
    if (!version || !epoch || !status || rest.empty()) return errc::redis_protocol;

    return letter{*version, *epoch, session_id::parse(kept_session), parse_integer(kept_epoch), *status, rest};
}

std::string to_control_message(const session_ended& message) {
    std::string out = "c {\"control\":\"session_ended\",\"sessionId\":\"";
    out.append(message.session.text());
    out.append("\",\"reason\":\"").append(problem_of(message.reason).code).append("\"}");
    return out;
}

bool is_control_message(std::string_view text) noexcept { return text.starts_with("c "); }

result<session_ended> parse_control_message(std::string_view text) {
    if (!is_control_message(text)) return errc::redis_protocol;
    boost::json::error_code failed;
    const auto document = boost::json::parse(text.substr(2), failed);
    const auto* const object = failed ? nullptr : document.if_object();
    if (!object) return errc::redis_protocol;
    const auto* const session = object->if_contains("sessionId");
    const auto* const reason = object->if_contains("reason");
    if (!session || !session->is_string()) return errc::redis_protocol;
    const auto id = session_id::parse(session->get_string());
    if (!id) return errc::redis_protocol;

    const std::string_view why = reason && reason->is_string() ? std::string_view{reason->get_string()} : "";
    return session_ended{*id, end_reason_of(why)};
}

}  // namespace stagedoor
