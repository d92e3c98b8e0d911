#include "common/core/cookie.hpp"

#include <algorithm>

#include "common/core/origin.hpp"

namespace stagedoor {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// Two labels or more of letters, digits and inner hyphens; the last one not all digits, for that is an address.
bool is_domain_name(std::string_view text) noexcept {
    std::size_t labels = 0;
    while (true) {
        const auto label = text.substr(0, text.find('.'));
        const auto is_label_char = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
        if (label.empty() || label.front() == '-' || label.back() == '-') return false;
        if (!std::ranges::all_of(label, is_label_char)) return false;
        ++labels;
        if (label.size() == text.size()) {
            return labels > 1 && !std::ranges::all_of(label, [](char c) { return c >= '0' && c <= '9'; });
        }
        text.remove_prefix(label.size() + 1);
    }
}

}  // namespace

void cookie_values::iterator::find_next() noexcept {
    while (!rest_.empty()) {
        const auto end = rest_.find(';');
        const auto pair = trimmed(rest_.substr(0, end));
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        if (pair.size() <= name_.size() || pair[name_.size()] != '=' || !pair.starts_with(name_)) continue;
        value_ = pair.substr(name_.size() + 1);
        return;
    }
    ended_ = true;
}

session_cookie::session_cookie(bool secure, unsigned port, std::string_view domain)
    : name_{!domain.empty() ? "__Secure-stagedoor"
            : secure        ? "__Host-stagedoor"
                            : "stagedoor-" + std::to_string(port)},
      attributes_{"; Path=/; HttpOnly; SameSite=Lax"} {
    if (secure) attributes_.append("; Secure");
    if (!domain.empty()) attributes_.append("; Domain=").append(domain);
}

std::string session_cookie::set(std::string_view token, std::chrono::seconds max_age) const {
    std::string out;
    out.reserve(name_.size() + token.size() + attributes_.size() + 32);
    out.append(name_).append("=").append(token);
    out.append("; Max-Age=").append(std::to_string(max_age.count()));
    out.append(attributes_);
    return out;
}

std::string complaint_about_cookie_domain(std::string_view domain, std::span<const std::string> origins) {
    const std::string named = "cookie-domain " + std::string{domain};
    if (!is_domain_name(domain)) return named + " is no domain like example.com";
    for (const auto& text : origins) {
        const auto parsed = parse_origin(text);
        if (!parsed || !parsed->https) return named + " needs https, and allowed-origin has " + text;
        const auto host = parsed->host();
        const bool below =
            host.ends_with(domain) && (host.size() == domain.size() || host[host.size() - domain.size() - 1] == '.');
        if (!below) return named + " does not hold the host of allowed-origin " + text;
    }
    return {};
}

std::string session_cookie::clear() const { return set("", std::chrono::seconds{0}); }

}  // namespace stagedoor
