// API tokens as text: `stagedoor_`, 43 random characters of 0-9 A-Z a-z (256 bits), and six that check the rest, so
// that scanners find a token that leaked (`stagedoor_[0-9A-Za-z]{49}`) and a mistyped one costs no question. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/secrets.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::admin {

using token_id = id<struct api_token_tag>;

// What a token may do. Who may approve may read.
enum class token_scope : std::uint8_t { read, approve };

std::string_view to_string(token_scope scope) noexcept;
std::optional<token_scope> parse_scope(std::string_view text) noexcept;
constexpr bool reaches(token_scope given, token_scope needed) noexcept { return given >= needed; }

std::string make_token_text();

// Whether it has the form and its last six characters are right. Says nothing of whether there is such a token.
bool is_token_text(std::string_view text);

// What the database keeps of a token. No salt: 256 random bits are in no table of digests.
sha256_digest token_digest(std::string_view text) noexcept;

}  // namespace stagedoor::admin
