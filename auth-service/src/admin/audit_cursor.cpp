#include "auth-service/src/admin/audit_cursor.hpp"

#include <charconv>

namespace stagedoor::admin {
namespace {

std::optional<std::int64_t> parse_number(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (ec != std::errc{} || end != text.data() + text.size() || number < 0) return std::nullopt;
    return number;
}

}  // namespace

std::string format_cursor(const audit_cursor& cursor) {
    return std::to_string(cursor.at_ms) + "-" + std::to_string(cursor.id);
}

std::optional<audit_cursor> parse_cursor(std::string_view text) noexcept {
    const auto dash = text.find('-');
    if (dash == text.npos) return std::nullopt;
    const auto at_ms = parse_number(text.substr(0, dash));
    const auto id = parse_number(text.substr(dash + 1));
    if (!at_ms || !id) return std::nullopt;
    return audit_cursor{*at_ms, *id};
}

}  // namespace stagedoor::admin
