#include "common/core/cookie.hpp"

namespace stagedoor {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

}  // namespace

cookie_values find_cookies(std::string_view header, std::string_view name) noexcept {
    cookie_values found;
    while (!header.empty() && found.count < found.values.size()) {
        const auto end = header.find(';');
        const auto pair = trimmed(header.substr(0, end));
        header.remove_prefix(end == std::string_view::npos ? header.size() : end + 1);
        if (pair.size() <= name.size() || pair[name.size()] != '=' || !pair.starts_with(name)) continue;
        found.values[found.count++] = pair.substr(name.size() + 1);
    }
    return found;
}

session_cookie::session_cookie(bool secure, unsigned port)
    : name_{secure ? "__Host-stagedoor" : "stagedoor-" + std::to_string(port)},
      attributes_{secure ? "; Path=/; HttpOnly; SameSite=Lax; Secure" : "; Path=/; HttpOnly; SameSite=Lax"} {}

std::string session_cookie::set(std::string_view token, std::chrono::seconds max_age) const {
    std::string out;
    out.reserve(name_.size() + token.size() + attributes_.size() + 32);
    out.append(name_).append("=").append(token);
    out.append("; Max-Age=").append(std::to_string(max_age.count()));
    out.append(attributes_);
    return out;
}

std::string session_cookie::clear() const { return set("", std::chrono::seconds{0}); }

}  // namespace stagedoor
