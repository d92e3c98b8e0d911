#include "common/session/session_token.hpp"

#include <algorithm>
#include <span>

#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

constexpr std::string_view context = "stagedoor session token 1:";
constexpr std::size_t claims_bytes = token_bytes - std::tuple_size_v<token_proof>;

using claims_array = std::array<std::uint8_t, claims_bytes>;

claims_array to_bytes(const token_claims& claims) noexcept {
    claims_array bytes;
    auto* at = bytes.data();
    *at++ = token_format;
    *at++ = claims.key_id;
    at = std::ranges::copy(claims.user.bytes, at).out;
    at = std::ranges::copy(claims.session.bytes, at).out;
    for (int shift = 24; shift >= 0; shift -= 8) *at++ = static_cast<std::uint8_t>(claims.generation >> shift);
    return bytes;
}

}  // namespace

proof_digest digest_of(const token_proof& proof) noexcept {
    const auto full = sha256(std::span{proof});
    proof_digest digest;
    std::copy_n(full.begin(), digest.size(), digest.begin());
    return digest;
}

std::optional<parsed_token> parse_token(std::string_view text) noexcept {
    std::array<std::uint8_t, token_bytes> bytes;
    if (text.size() != token_chars || !from_base64url(text, bytes)) return std::nullopt;
    if (bytes[0] != token_format) return std::nullopt;
    parsed_token token;
    token.claims.key_id = bytes[1];
    std::copy_n(bytes.begin() + 2, 16, token.claims.user.bytes.begin());
    std::copy_n(bytes.begin() + 18, 16, token.claims.session.bytes.begin());
    for (std::size_t i = 34; i < 38; ++i) token.claims.generation = token.claims.generation << 8 | bytes[i];
    std::copy_n(bytes.begin() + 38, token.proof.size(), token.proof.begin());
    return token;
}

std::optional<token_proof> prove(const key_ring& keys, const token_claims& claims) noexcept {
    std::array<std::uint8_t, context.size() + claims_bytes> message;
    const auto bytes = to_bytes(claims);
    std::ranges::copy(bytes, std::ranges::copy(context, message.begin()).out);
    return keys.prove(claims.key_id, message);
}

bool is_genuine(const key_ring& keys, const parsed_token& token) noexcept {
    const auto expected = prove(keys, token.claims);
    return expected && equal_in_constant_time(*expected, token.proof);
}

bool are_same(const parsed_token& a, const parsed_token& b) noexcept {
    return a.claims == b.claims && equal_in_constant_time(a.proof, b.proof);
}

std::string format_token(const token_claims& claims, const token_proof& proof) {
    std::array<std::uint8_t, token_bytes> bytes;
    const auto head = to_bytes(claims);
    std::ranges::copy(proof, std::ranges::copy(head, bytes.begin()).out);
    return to_base64url(bytes);
}

}  // namespace stagedoor::session
