// Fields about people that several calls read from bodies.
#pragma once

#include <optional>
#include <string>

#include "common/core/json.hpp"

namespace stagedoor::api {

// Member `email`, normalised; "" and a complaint when it is no address.
std::string read_email(body_reader& body);

// Member `name`, a new password exactly as typed; "" and a complaint when user::complaint_about has one. `email`:
// normalised, of the account that the password is for; "" when it is not known.
std::string read_new_password(body_reader& body, std::string_view name, std::string_view email);

// Member `displayName`, spaces around it dropped; "" and a complaint when it is empty, too long or holds control characters.
std::string read_display_name(body_reader& body);
std::optional<std::string> read_optional_display_name(body_reader& body);

// A member of one line: no control characters. A member of several lines: line breaks and tabs are fine.
std::optional<std::string> read_optional_line(body_reader& body, std::string_view name, std::size_t max_chars);
std::optional<std::string> read_optional_text(body_reader& body, std::string_view name, std::size_t max_chars);

}  // namespace stagedoor::api
