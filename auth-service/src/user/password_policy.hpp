// Which new passwords are good enough. Pure. Asked at registration, at a change of password and by `create-admin`;
// never at sign-in, where any password may be tried.
//
// A password is a sequence of Unicode code points, taken exactly as typed: nothing is trimmed, folded, normalised or cut
// off, and NUL counts like every other character (ASVS 5.0 6.2.8, 6.2.9). There are no rules about kinds of characters
// (6.2.5), and no password expires.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::user {

// What is wrong with `password`, UTF-8, for an account with the e-mail `email`, normalised, or "" when that is not known:
// a sentence that goes on after "the password". Nothing when it may be used. Refused are, in this order:
//   - fewer than limits::password_min_chars or more than limits::password_max_chars code points
//   - the e-mail, the part of it before the @, and whatever holds either; parts of fewer than 4 characters only as a whole
//   - the names of this product and of its roles with little beside them (6.2.11)
//   - passwords that guessers try first, also with up to 4 digits or signs around them (6.2.4, 6.2.12): those of
//     a list, what repeats fewer than 8 characters or one of the list, and what falls in at most three runs
//     ("abcd1234", "11112222")
std::optional<std::string> complaint_about(std::string_view password, std::string_view email);

}  // namespace stagedoor::user
