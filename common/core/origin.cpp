#include "common/core/origin.hpp"

#include <algorithm>
#include <charconv>

namespace stagedoor {
namespace {

// A name or an IPv4 address, or an IPv6 address in brackets. In lower case.
bool is_host(std::string_view text) noexcept {
    const bool bracketed = text.size() > 2 && text.front() == '[' && text.back() == ']';
    const auto inner = bracketed ? text.substr(1, text.size() - 2) : text;
    return !inner.empty() && std::ranges::all_of(inner, [bracketed](char c) {
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
        return bracketed ? hex || c == ':' || c == '.' : hex || (c >= 'g' && c <= 'z') || c == '-' || c == '.';
    });
}

}  // namespace

std::optional<origin> parse_origin(std::string_view text) {
    std::string lower{text};
    std::ranges::transform(lower, lower.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    origin parsed;
    std::string_view rest = lower;
    if (rest.starts_with("https://")) {
        parsed.https = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return std::nullopt;
    }
    const unsigned default_port = parsed.https ? 443 : 80;
    parsed.port = default_port;
    std::string_view host = rest;
    const auto colon = rest.rfind(':');
    const auto bracket = rest.rfind(']');
    if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
        host = rest.substr(0, colon);
        const auto digits = rest.substr(colon + 1);
        const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.port);
        if (ec != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
        if (parsed.port == 0 || parsed.port > 65535) return std::nullopt;
    }
    if (!is_host(host)) return std::nullopt;
    parsed.text = parsed.https ? "https://" : "http://";
    parsed.text.append(host);
    if (parsed.port != default_port) parsed.text.append(":").append(std::to_string(parsed.port));
    return parsed;
}

std::string_view origin::host() const noexcept {
    auto rest = std::string_view{text}.substr(https ? 8 : 7);
    const auto colon = rest.rfind(':');
    const auto bracket = rest.rfind(']');
    const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return has_port ? rest.substr(0, colon) : rest;
}

bool allowed_origins::contains(std::string_view origin_header) const noexcept {
    return std::ranges::find(origins_, origin_header, &origin::text) != origins_.end();
}

}  // namespace stagedoor
