// Who is late, when a reply is: a deadline may pass while bytes wait unread, and then we are.
#pragma once

#include <chrono>

namespace stagedoor::redis {

// So much more time is given then, once.
inline constexpr auto unread_grace = std::chrono::milliseconds{20};

}  // namespace stagedoor::redis
