// What must not leak: wiping, comparing in constant time, random bytes, SHA-256, base64url and hex (libsodium).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/uuid.hpp"

namespace stagedoor {

// Call once at the start of main; false when libsodium cannot work on this machine.
bool init_crypto() noexcept;

using sha256_digest = std::array<std::uint8_t, 32>;
sha256_digest sha256(std::span<const std::uint8_t> bytes) noexcept;
sha256_digest sha256(std::string_view text) noexcept;

std::string to_hex(std::span<const std::uint8_t> bytes);

// How logs name a session: the first 12 hex digits of the SHA-256 of its id's text. An id that leaks is worth nothing
// without its proof (K1), but a log is read by many: they can follow a session, and find no id that a call would take.
std::string session_hash(const session_id& session);

// base64url without padding (RFC 4648 section 5).
std::string to_base64url(std::span<const std::uint8_t> bytes);
// Fills `out` exactly, without allocating; false when `text` is not the base64url of out.size() bytes.
bool from_base64url(std::string_view text, std::span<std::uint8_t> out) noexcept;

// Takes time that depends on the length alone (ASVS 5.0 11.2.4).
bool equal_in_constant_time(std::span<const std::uint8_t> a, std::span<const std::uint8_t> b) noexcept;

// `bytes` random bytes as base64url: 16 bytes give 22 characters.
std::string random_text(std::size_t bytes);

// `length` characters of 0-9, A-Z and a-z, each drawn evenly.
std::string random_alphanumeric(std::size_t length);

// Text that only the holder of `key` can read, and that nobody can change (XSalsa20 and Poly1305, a random nonce).
std::string seal(const sha256_digest& key, std::string_view text);
// Nothing when it was not sealed with `key`.
std::optional<std::string> unseal(const sha256_digest& key, std::string_view sealed);

void wipe(std::string& text) noexcept;

}  // namespace stagedoor
