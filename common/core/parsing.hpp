// What texts of our own are taken apart with: words with one space between them, and whole numbers.
#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace stagedoor {

// The number that `text` is, in decimal and not below `least`; nothing if it is anything else, or more than that.
inline std::optional<std::int64_t> parse_integer(
    std::string_view text, std::int64_t least = std::numeric_limits<std::int64_t>::min()) noexcept {
    std::int64_t number = 0;
    const auto* const last = text.data() + text.size();
    const auto [end, ec] = std::from_chars(text.data(), last, number);
    if (ec != std::errc{} || end != last || number < least) return std::nullopt;
    return number;
}

// Takes the first word off `rest`, and the space after it.
inline std::string_view next_word(std::string_view& rest) noexcept {
    const auto space = rest.find(' ');
    const auto word = rest.substr(0, space);
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
    return word;
}

}  // namespace stagedoor
