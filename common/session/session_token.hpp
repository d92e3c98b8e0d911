// The text of a session cookie (K1):
//     base64url(format(1) ‖ key id(1) ‖ user id(16) ‖ session id(16) ‖ generation(4, big-endian) ‖ proof(16))
// The proof is the secret. It is derived, not drawn: the successor of a token is always the same one, so that tabs
// that refresh at once, retries and lost answers all get one cookie.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/uuid.hpp"
#include "common/session/key_ring.hpp"

namespace stagedoor::session {

inline constexpr std::uint8_t token_format = 1;
inline constexpr std::size_t token_bytes = 54;
inline constexpr std::size_t token_chars = 72;

// What a token says; worth nothing before its proof is checked.
struct token_claims {
    std::uint8_t key_id = 0;
    user_id user;
    session_id session;
    std::uint32_t generation = 0;

    friend bool operator==(const token_claims&, const token_claims&) = default;
};

// SHA-256 of a proof, cut to 128 bits: lets a node without keys recognise a token from its record, and nobody make one.
using proof_digest = std::array<std::uint8_t, 16>;
proof_digest digest_of(const token_proof& proof) noexcept;

struct parsed_token {
    token_claims claims;
    token_proof proof;
};

// Nothing when `text` has not the form of a token. Says nothing about its proof.
std::optional<parsed_token> parse_token(std::string_view text) noexcept;

// The proof for these claims; nothing when the ring lacks their key.
std::optional<token_proof> prove(const key_ring& keys, const token_claims& claims) noexcept;

// True when the proof is the one that the key makes of the claims. In constant time.
bool is_genuine(const key_ring& keys, const parsed_token& token) noexcept;

// In constant time.
bool are_same(const parsed_token& a, const parsed_token& b) noexcept;

std::string format_token(const token_claims& claims, const token_proof& proof);

}  // namespace stagedoor::session
