// Makes any bytes fit for one line of a log. Pure; private to the room.
#pragma once

#include <string>
#include <string_view>

namespace stagedoor::obs {

enum class quotes : bool { leave, escape };

// Appends `text` as UTF-8 in which no character can end a line or act on a terminal: C0, DEL, C1, line and paragraph
// separators, and what changes the direction of writing become \uXXXX; bytes that are not UTF-8 become \ufffd;
// a backslash is doubled. With quotes::escape the result is the inside of a JSON string (RFC 8259 section 7).
void append_escaped(std::string& out, std::string_view text, quotes quoting);

// The length of the longest beginning of `text` that has at most `bytes` and does not end inside a character.
std::size_t cut_at_character(std::string_view text, std::size_t bytes) noexcept;

}  // namespace stagedoor::obs
