#include "auth-service/src/user/email.hpp"

#include <algorithm>

#include "common/core/json.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::user {
namespace {

constexpr std::size_t local_part_bytes = 64;    // RFC 5321 section 4.5.3.1.1
constexpr std::size_t domain_label_bytes = 63;  // RFC 1035 section 2.3.4

constexpr bool is_alphanumeric(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// atext and dots of RFC 5322 section 3.2.3.
bool is_local_char(char c) noexcept {
    return is_alphanumeric(c) || std::string_view{"!#$%&'*+-/=?^_`{|}~."}.find(c) != std::string_view::npos;
}

bool is_label(std::string_view label) noexcept {
    if (label.empty() || label.size() > domain_label_bytes) return false;
    if (label.front() == '-' || label.back() == '-') return false;
    return std::ranges::all_of(label, [](char c) { return is_alphanumeric(c) || c == '-'; });
}

bool is_domain(std::string_view domain) noexcept {
    for (;;) {
        const auto dot = domain.find('.');
        if (!is_label(domain.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        domain.remove_prefix(dot + 1);
    }
}

bool is_local_part(std::string_view local) noexcept {
    if (local.empty() || local.size() > local_part_bytes) return false;
    if (local.front() == '.' || local.back() == '.' || local.find("..") != std::string_view::npos) return false;
    return std::ranges::all_of(local, is_local_char);
}

}  // namespace

std::optional<std::string> normalise_email(std::string_view text) {
    std::string email{trim(text)};
    if (email.size() > limits::email_bytes) return std::nullopt;
    std::ranges::transform(email, email.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    const auto at = email.rfind('@');
    if (at == std::string::npos) return std::nullopt;
    const std::string_view view = email;
    if (!is_local_part(view.substr(0, at)) || !is_domain(view.substr(at + 1))) return std::nullopt;
    return email;
}

}  // namespace stagedoor::user
