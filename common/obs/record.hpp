// One log record as one line. Pure; private to the room.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/obs/log.hpp"

namespace stagedoor::obs::log {

// text: `2026-11-23T20:03:01.123Z info  session_created user=0193… generation=1`
// json: `{"time":"2026-…Z","level":"info","event":"session_created","user":"0193…","generation":1}`
// Ends in a newline and holds no other.
std::string line_of_event(format wanted, instant at, level severity, std::string_view event,
                          std::span<const field> fields);

// A sentence of free text: it follows the level, or is the member "message".
std::string line_of_message(format wanted, instant at, level severity, std::string_view message);

// `session_created user=0193… generation=1`, without time, level and newline.
std::string text_of_event(std::string_view event, std::span<const field> fields);

}  // namespace stagedoor::obs::log
