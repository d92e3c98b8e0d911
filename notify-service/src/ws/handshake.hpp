// GET /ws: who may have a socket, and what those hear who may not.
//
//   request                                          answer
//   no handshake of WebSocket                        426 or 400
//   Origin missing or foreign                        403 cross_origin
//   draining, Redis away, the process full           503 with Retry-After: a gateway can try another node (N8)
//   too many sockets of the client's network         429 with Retry-After: nothing is spent on it, not even an upgrade
//   no living session, too many sockets of the user  101, `closing`, Close: browsers cannot see a refused upgrade
//   a living session                                 101, `welcome`, events
#pragma once

#include "common/http/request.hpp"
#include "common/http/response.hpp"
#include "common/runtime/task.hpp"
#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {

runtime::task<http::response> open_web_socket(push_context& node, const http::request& incoming);

}  // namespace stagedoor::notify
