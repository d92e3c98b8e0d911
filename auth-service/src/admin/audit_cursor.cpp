#include "auth-service/src/admin/audit_cursor.hpp"

#include "common/core/parsing.hpp"

namespace stagedoor::admin {

std::string format_cursor(const audit_cursor& cursor) {
    return std::to_string(cursor.at_ms) + "-" + std::to_string(cursor.id);
}

std::optional<audit_cursor> parse_cursor(std::string_view text) noexcept {
    const auto dash = text.find('-');
    if (dash == text.npos) return std::nullopt;
    const auto at_ms = parse_integer(text.substr(0, dash), 0);
    const auto id = parse_integer(text.substr(dash + 1), 0);
    if (!at_ms || !id) return std::nullopt;
    return audit_cursor{*at_ms, *id};
}

}  // namespace stagedoor::admin
