// The passwords that guessers try first: breached ones by how often they were seen, and words and names that are
// passwords by themselves. The list comes from a Debian package when Stagedoor is built; what is in the binary is the
// sorted digests of its entries, eight bytes each. A digest stands for any other password with a chance below 1 in 10^13.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stagedoor::user {

// What the list keeps of an entry, most significant byte first. Lists keep their order when digests are compared.
using password_digest = std::array<std::uint8_t, 8>;

// Of a password folded by fold_case().
password_digest digest_password(std::string_view folded) noexcept;

// True when the list has `password`, in any mixture of ASCII cases (ASVS 5.0 6.2.4, 6.2.12).
bool is_common_password(std::string_view password);

// How many entries the list has.
std::size_t common_password_count() noexcept;

}  // namespace stagedoor::user
