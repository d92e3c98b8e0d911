// E-mail addresses as we accept them: a readable subset of RFC 5321, in ASCII, folded to lower case.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::user {

// `text` folded to lower case, spaces around it dropped; nothing when it is no address: one `@`, a local part of 1 to
// 64 characters without spaces, quotes or brackets, and a domain of labels.
std::optional<std::string> normalise_email(std::string_view text);

}  // namespace stagedoor::user
