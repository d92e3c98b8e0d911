// The keys that sign session tokens. Several may be accepted at once, the first one signs: a key is rolled in two
// phases, first accepted by every node, then put first (K4).
#pragma once

#include <sodium.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::session {

using token_proof = std::array<std::uint8_t, 16>;

class key_ring {
public:
    // The text of a key file: one `<id> <key>` a line, id 0..255 and unique, key the base64url of 32 bytes that
    // look random and are under no other id; `#` begins a comment. A text without a key is an error. On failure
    // `complaint` says what is wrong and in which line, without the key.
    static std::optional<key_ring> parse(std::string_view text, std::string& complaint);

    // The text of a new file with one random key.
    static std::string make_file_text();

    std::uint8_t signing_key_id() const noexcept { return keys_.front().id; }

    // HMAC-SHA-256 under key `id`, cut to 128 bits; nothing when there is no such key.
    std::optional<token_proof> prove(std::uint8_t id, std::span<const std::uint8_t> message) const noexcept;

private:
    struct key {
        std::uint8_t id = 0;
        sha256_digest digest{};  // to tell a key that is there twice
        crypto_auth_hmacsha256_state prepared{};  // the key already hashed in: half the work of each proof
    };
    std::vector<key> keys_;
};

}  // namespace stagedoor::session
