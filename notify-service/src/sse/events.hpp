// GET /events: who may have an event stream, and what those hear who may not.
//
//   request                                                   answer
//   from another origin than those allowed                    403 cross_origin
//   draining, Redis away, the process full                    503 with Retry-After: a gateway can try another node (N8)
//   no living session                                         401
//   the account is suspended                                  403
//   too many sockets of the user, or of the client's network  429 with Retry-After
//   a session that this node cannot judge (N5)                200, `closing` with its advice, the end
//   a living session                                          200, `welcome`, events
//   HEAD                                                      the same, without a body
//
// What concerns one client is never 503: a gateway takes that for a failure of the node, and leaves the node out.
#pragma once

#include "common/http/request.hpp"
#include "common/http/response.hpp"
#include "common/runtime/task.hpp"
#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {

runtime::task<http::response> open_event_stream(push_context& node, const http::request& incoming);

}  // namespace stagedoor::notify
