#include "common/http/field.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include "common/core/json.hpp"

namespace stagedoor::http {

bool is_host_and_port(std::string_view text) noexcept {
    const bool bracketed = text.starts_with('[');
    const auto end = bracketed ? text.find(']') : text.find(':');
    if (bracketed && end == std::string_view::npos) return false;
    const auto host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
    const auto rest = bracketed ? text.substr(end + 1) : text.substr(host.size());
    const auto fits = [&](char c) {
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return bracketed ? hex || c == ':' || c == '.' : hex || letter || c == '.' || c == '-' || c == '_';
    };
    if (host.empty() || !std::ranges::all_of(host, fits)) return false;
    if (rest.empty()) return true;
    std::uint16_t port = 0;
    const auto digits = rest.substr(1);
    const auto [stop, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    return rest.front() == ':' && ec == std::errc{} && stop == digits.data() + digits.size();
}

bool has_token(std::string_view value, std::string_view token) noexcept {
    while (!value.empty()) {
        const auto comma = value.find(',');
        if (equal_ignoring_case(trim(value.substr(0, comma)), token)) return true;
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
    return false;
}

}  // namespace stagedoor::http
