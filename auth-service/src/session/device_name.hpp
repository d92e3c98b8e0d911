// A readable name for the device that a session was begun on, from its User-Agent (RFC 9110 section 10.1.5).
#pragma once

#include <string>
#include <string_view>

namespace stagedoor::session {

// "Firefox on Linux", "Safari on iPhone", "curl"; "Unknown device" where nothing is recognised. Made of fixed words
// alone: what a client writes into its User-Agent never shows up in the name.
std::string device_name(std::string_view user_agent);

}  // namespace stagedoor::session
