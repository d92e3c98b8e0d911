// Times as people write them on a command line. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "common/core/clock.hpp"

namespace stagedoor::ctl {

// RFC 3339; a day (`2026-11-25`) or a day and a time as tables show them (`2026-11-25 19:00`, `2026-11-25 19:00:05`), in UTC;
// or how long before `now`: `90s`, `30m`, `2h`, `7d`. Nothing for anything else.
std::optional<instant> parse_written_time(std::string_view text, instant now);

}  // namespace stagedoor::ctl
