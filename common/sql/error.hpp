// What SQLite says, as values: an errc for infrastructure that is away, a refusal for a statement that broke a rule.
#pragma once

#include <boost/system/error_code.hpp>
#include <string_view>

namespace stagedoor::sql {

// `code` is an (extended) SQLite result code other than OK, ROW and DONE.
//   errc::database_busy         another connection holds the lock
//   errc::database_unavailable  the file cannot be read or written: I/O, space, rights, memory, not a database
//   a refusal                   a constraint or a trigger said no; database::last_message() tells what it said
//   errc::internal_error        a statement of ours is wrong
boost::system::error_code to_error(int code) noexcept;

// True when a constraint or a trigger refused the statement. The value of `code` is SQLite's extended result code.
bool is_refusal(const boost::system::error_code& code) noexcept;

// The triggers' messages begin with a word and a colon, "email_taken: …": the word, or "" when there is none.
std::string_view refusal_word(std::string_view message) noexcept;

}  // namespace stagedoor::sql
