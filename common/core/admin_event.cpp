#include "common/core/admin_event.hpp"

#include <algorithm>

#include "common/core/event.hpp"
#include "common/core/parsing.hpp"

namespace stagedoor {
namespace {

constexpr std::size_t longest_incarnation = 64;

// As random_text makes it.
bool is_incarnation(std::string_view text) noexcept {
    const auto fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    return !text.empty() && text.size() <= longest_incarnation && std::ranges::all_of(text, fits);
}

// Attributes stand before `data`, and none of them holds a text that a person has typed: so the first one with a name is
// the one. npos: there is none.
std::size_t value_of(std::string_view frame, std::string_view attribute) noexcept {
    const auto at = frame.find(attribute);
    return at == std::string_view::npos ? at : at + attribute.size();
}

}  // namespace

result<admin_letter> parse_admin_letter(std::string_view text) {
    if (!text.starts_with("a ")) return errc::redis_protocol;
    text.remove_prefix(2);
    const auto first = text.find(' ');
    if (first == std::string_view::npos) return errc::redis_protocol;
    const auto second = text.find(' ', first + 1);
    if (second == std::string_view::npos || second + 1 == text.size()) return errc::redis_protocol;
    const auto incarnation = text.substr(0, first);
    const auto number = parse_integer(text.substr(first + 1, second - first - 1), 1);
    if (!is_incarnation(incarnation) || !number) return errc::redis_protocol;
    return admin_letter{incarnation, *number, text.substr(second + 1)};
}

std::string make_console_cursor(const user_id& user, std::int64_t version, const std::optional<admin_place>& in_feed) {
    auto cursor = make_cursor(user, version);
    if (in_feed) cursor.append(".").append(in_feed->incarnation).append("-").append(std::to_string(in_feed->number));
    return cursor;
}

std::optional<admin_place> parse_admin_place(std::string_view cursor) {
    const auto dot = cursor.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    cursor.remove_prefix(dot + 1);
    const auto dash = cursor.rfind('-');  // a name may have some, too
    if (dash == std::string_view::npos || !is_incarnation(cursor.substr(0, dash))) return std::nullopt;
    const auto number = parse_integer(cursor.substr(dash + 1), 1);
    if (!number) return std::nullopt;
    return admin_place{std::string{cursor.substr(0, dash)}, *number};
}

std::string to_frame(const denials_told& news) {
    std::string out = "{\"specversion\":\"1.0\",\"id\":\"";
    out.append(news.id).append("\",\"source\":\"").append(event_source);
    out.append("\",\"type\":\"stagedoor.audit.denied\",\"time\":\"").append(format_rfc3339(news.at));
    out.append("\",\"cursor\":\"\",\"datacontenttype\":\"application/json\",\"data\":{\"calls\":");
    return out.append(std::to_string(news.calls)).append("}}");
}

std::optional<user_id> subject_of(std::string_view frame) noexcept {
    const auto at = value_of(frame, "\"subject\":\"");
    if (at == std::string_view::npos) return std::nullopt;
    return user_id::parse(frame.substr(at, uuid_text_size));
}

std::string with_cursor(std::string_view frame, std::string_view cursor) {
    const auto at = value_of(frame, "\"cursor\":\"");
    const auto end = at == std::string_view::npos ? at : frame.find('"', at);
    if (end == std::string_view::npos) return std::string{frame};
    std::string out;
    out.reserve(frame.size() + cursor.size());
    return out.append(frame.substr(0, at)).append(cursor).append(frame.substr(end));
}

}  // namespace stagedoor
