// A socket that is opened only to say why it is closed.
#pragma once

#include <memory>

#include "common/http/response.hpp"
#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {

// Takes over a connection whose request was refused: says `closing`, then closes. Holds its place until then.
std::unique_ptr<http::takeover> make_farewell_socket(push_context& node, refusal why, socket_quota::place place);

}  // namespace stagedoor::notify
