#include "common/redis/published.hpp"

#include <charconv>
#include <cstddef>

#include "common/core/limits.hpp"

namespace stagedoor::redis {
namespace {

constexpr std::string_view line_end = "\r\n";

bool skip(std::string_view& rest, std::string_view text) noexcept {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
}

// `$<size>\r\n<size bytes>\r\n`. Lengths that Redis does not write (absurd ones, and `01`) are left to reply_reader to
// judge.
std::optional<std::string_view> take_bulk(std::string_view& rest) noexcept {
    if (!skip(rest, "$") || (rest.starts_with('0') && !rest.starts_with("0\r"))) return std::nullopt;
    std::size_t size = 0;
    const auto* const end = rest.data() + rest.size();
    const auto [stop, ec] = std::from_chars(rest.data(), end, size);
    if (ec != std::errc{} || size > limits::redis_reply_bytes) return std::nullopt;
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    if (!skip(rest, line_end) || rest.size() < size) return std::nullopt;
    const auto text = rest.substr(0, size);
    rest.remove_prefix(size);
    if (!skip(rest, line_end)) return std::nullopt;
    return text;
}

}  // namespace

std::optional<published> take_published(std::string_view& bytes) noexcept {
    auto rest = bytes;
    if (!skip(rest, "*3\r\n$7\r\nmessage\r\n")) return std::nullopt;
    const auto channel = take_bulk(rest);
    if (!channel) return std::nullopt;
    const auto payload = take_bulk(rest);
    if (!payload) return std::nullopt;
    bytes = rest;
    return published{*channel, *payload};
}

}  // namespace stagedoor::redis
