// What a client may say on its socket. Today that is one thing: which event it has taken in (N9).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "common/core/uuid.hpp"

namespace stagedoor::notify {

// The version that `{"type":"ack","cursor":…}` acknowledges. Nothing for any other text, for a cursor of another
// user's, and for one past `sent`: such messages are ignored, so that newer clients can talk to older nodes.
std::optional<std::int64_t> read_acknowledgement(std::string_view text, const user_id& user, std::int64_t sent);

}  // namespace stagedoor::notify
