// The place behind a row of the audit log, for the next page: rows go by time, then by id. Opaque to clients. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::admin {

struct audit_cursor {
    std::int64_t at_ms = 0;
    std::int64_t id = 0;

    friend bool operator==(const audit_cursor&, const audit_cursor&) = default;
};

std::string format_cursor(const audit_cursor& cursor);
// Nothing for what format_cursor does not write.
std::optional<audit_cursor> parse_cursor(std::string_view text) noexcept;

}  // namespace stagedoor::admin
