// Small rules of HTTP's header fields.
#pragma once

#include <string_view>

namespace stagedoor::http {

// ASCII letters only, as field names are compared (RFC 9110 section 5.1).
inline bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
        if (lower(a[i]) != lower(b[i])) return false;
    }
    return true;
}

// True when the comma-separated list in `value` has `token`, in any case (RFC 9110 section 5.6.1).
bool has_token(std::string_view value, std::string_view token) noexcept;

// True for a host and an optional port, as in Host and behind a target's scheme: a name, an IPv4 address, or an IPv6
// address in brackets; a port up to 65535. RFC 3986 would let more through that no client of ours sends, user names above
// all.
bool is_host_and_port(std::string_view text) noexcept;

}  // namespace stagedoor::http
