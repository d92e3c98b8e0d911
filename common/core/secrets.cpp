#include "common/core/secrets.hpp"

#include <sodium.h>

#include <array>
#include <tuple>
#include <vector>

namespace stagedoor {
namespace {

constexpr std::uint8_t no_sextet = 64;  // what stands for a character that is none of base64url's

constexpr std::string_view alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// libsodium's decoder looks up nothing, lest a neighbour on the same core learn secrets from the data cache, and pays
// 85 instructions a character for it. What is read here comes with every request, from whoever holds it.
constexpr auto sextets = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(no_sextet);
    std::uint8_t next = 0;
    for (const char c : std::string_view{"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"}) {
        values[static_cast<unsigned char>(c)] = next++;
    }
    return values;
}();

}  // namespace

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
    const auto rest = out.size() % 3;
    if (text.size() != out.size() / 3 * 4 + (rest == 0 ? 0 : rest + 1)) return false;
    std::uint32_t seen = 0;
    std::size_t at = 0;
    const auto next = [&] {
        const std::uint32_t sextet = sextets[static_cast<unsigned char>(text[at++])];
        seen |= sextet;
        return sextet;
    };
    auto* to = out.data();
    const auto put = [&to](std::uint32_t bits) { *to++ = static_cast<std::uint8_t>(bits); };
    for (auto quads = out.size() / 3; quads > 0; --quads) {
        auto bits = next() << 18;
        bits |= next() << 12;
        bits |= next() << 6;
        bits |= next();
        put(bits >> 16);
        put(bits >> 8);
        put(bits);
    }
    // The bits of the last character that belong to no byte are zero: each value has one text.
    std::uint32_t left_over = 0;
    if (rest == 1) {
        auto bits = next() << 6;
        bits |= next();
        put(bits >> 4);
        left_over = bits & 0xf;
    } else if (rest == 2) {
        auto bits = next() << 12;
        bits |= next() << 6;
        bits |= next();
        put(bits >> 10);
        put(bits >> 2);
        left_over = bits & 0x3;
    }
    return seen < no_sextet && left_over == 0;
}

bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) noexcept {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_text(std::size_t bytes) {
    std::vector<std::uint8_t> random(bytes);
    randombytes_buf(random.data(), random.size());
    return to_base64url(random);
}

std::string random_alphanumeric(std::size_t length) {
    std::string text(length, '\0');
    for (auto& c : text) c = alphanumerics[randombytes_uniform(alphanumerics.size())];
    return text;
}

std::string seal(const sha256_digest& key, std::string_view text) {
    static_assert(std::tuple_size_v<sha256_digest> == crypto_secretbox_KEYBYTES);
    std::vector<std::uint8_t> sealed(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size());
    randombytes_buf(sealed.data(), crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(sealed.data() + crypto_secretbox_NONCEBYTES,
                          reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), sealed.data(), key.data());
    return {reinterpret_cast<const char*>(sealed.data()), sealed.size()};
}

std::optional<std::string> unseal(const sha256_digest& key, std::string_view sealed) {
    constexpr std::size_t overhead = crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES;
    if (sealed.size() < overhead) return std::nullopt;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(sealed.data());
    std::vector<std::uint8_t> text(sealed.size() - overhead);
    const auto failed = crypto_secretbox_open_easy(text.data(), bytes + crypto_secretbox_NONCEBYTES,
                                                   sealed.size() - crypto_secretbox_NONCEBYTES, bytes, key.data());
    if (failed != 0) return std::nullopt;
    return std::string{reinterpret_cast<const char*>(text.data()), text.size()};
}

void wipe(std::string& text) noexcept {
    sodium_memzero(text.data(), text.size());
    text.clear();
}

}  // namespace stagedoor
