// What notify-service answers on its public port.
#pragma once

#include <span>

#include "common/http/router.hpp"
#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {

std::span<const http::endpoint<push_context>> endpoints() noexcept;

}  // namespace stagedoor::notify
