// The table of everything that auth-service answers on its public port. proto-docs/openapi.yaml describes the same.
#pragma once

#include <span>

#include "auth-service/src/http/context.hpp"
#include "common/http/router.hpp"

namespace stagedoor::api {

std::span<const http::endpoint<context>> endpoints() noexcept;

}  // namespace stagedoor::api
