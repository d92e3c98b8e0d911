#include "common/core/secrets.hpp"

#include <sodium.h>

#include <vector>

namespace stagedoor {

bool init_crypto() noexcept { return sodium_init() >= 0; }

sha256_digest sha256(std::span<const std::uint8_t> bytes) noexcept {
    sha256_digest digest;
    crypto_hash_sha256(digest.data(), bytes.data(), bytes.size());
    return digest;
}

sha256_digest sha256(std::string_view text) noexcept {
    return sha256(std::span{reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    std::string text(bytes.size() * 2 + 1, '\0');
    sodium_bin2hex(text.data(), text.size(), bytes.data(), bytes.size());
    text.pop_back();
    return text;
}

std::string session_hash(const session_id& session) {
    constexpr std::size_t shown = 6;  // bytes: two sessions out of 100,000 meet once in 50,000 such logs
    const auto digest = sha256(session.text());
    return to_hex(std::span{digest}.first(shown));
}

std::string to_base64url(std::span<const std::uint8_t> bytes) {
    std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING), '\0');
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    text.pop_back();
    return text;
}

bool from_base64url(std::string_view text, std::span<std::uint8_t> out) noexcept {
    std::size_t size = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(out.data(), out.size(), text.data(), text.size(), nullptr, &size, &end,
                                         sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return failed == 0 && size == out.size() && end == text.data() + text.size();
}

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_text(std::size_t bytes) {
    std::vector<std::uint8_t> random(bytes);
    randombytes_buf(random.data(), random.size());
    return to_base64url(random);
}

void wipe(std::string& text) noexcept {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

}  // namespace stagedoor
