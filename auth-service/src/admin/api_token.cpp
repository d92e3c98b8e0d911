#include "auth-service/src/admin/api_token.hpp"

#include <algorithm>

namespace stagedoor::admin {
namespace {

constexpr std::string_view prefix = "stagedoor_";
constexpr std::size_t random_chars = 43;  // 62^43 > 2^256
constexpr std::size_t check_chars = 6;    // 62^6 > 2^32
constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// The first 32 bits of the SHA-256 of `text`, as a number of six digits of base 62.
std::string check_of(std::string_view text) {
    const auto digest = sha256(text);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = number << 8 | digest[i];
    std::string check(check_chars, digits.front());
    for (auto place = check.rbegin(); number != 0; ++place, number /= digits.size())
        *place = digits[number % digits.size()];
    return check;
}

}  // namespace

std::string_view to_string(token_scope scope) noexcept {
    switch (scope) {
        case token_scope::read:
            return "read";
        case token_scope::approve:
            return "approve";
    }
    return {};
}

std::optional<token_scope> parse_scope(std::string_view text) noexcept {
    if (text == "read") return token_scope::read;
    if (text == "approve") return token_scope::approve;
    return std::nullopt;
}

std::string make_token_text() {
    auto text = std::string{prefix} + random_alphanumeric(random_chars);
    return text + check_of(text);
}

bool is_token_text(std::string_view text) {
    if (text.size() != prefix.size() + random_chars + check_chars || !text.starts_with(prefix)) return false;
    const bool fine =
        std::ranges::all_of(text.substr(prefix.size()), [](char c) { return digits.find(c) != digits.npos; });
    const auto before = text.size() - check_chars;
    return fine && check_of(text.substr(0, before)) == text.substr(before);
}

sha256_digest token_digest(std::string_view text) noexcept { return sha256(text); }

}  // namespace stagedoor::admin
