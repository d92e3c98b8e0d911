// How values and suggestions are put into messages. Private to the room.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stagedoor::config {

// `value` in quotes, fit for a terminal: control characters escaped, long ones cut, passwords in URLs masked.
std::string in_quotes(std::string_view value);

// As `value`, with `***` for what stands between `:` and `@` in a URL and after `password=`.
std::string without_passwords(std::string_view value);

// The candidate that `word` was probably meant to be; "" when none is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// "; did you mean X?" or "".
std::string suggestion(std::string_view word, std::span<const std::string> candidates, std::string_view prefix = "");

// Breaks `text` at spaces so that each line, `indent` spaces included, keeps within `width` columns where words allow.
std::string wrapped(std::string_view text, std::size_t indent, std::size_t width = 96);

}  // namespace stagedoor::config
