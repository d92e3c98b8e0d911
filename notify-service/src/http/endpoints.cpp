#include "notify-service/src/http/endpoints.hpp"

#include "notify-service/src/sse/events.hpp"
#include "notify-service/src/ws/handshake.hpp"

namespace stagedoor::notify {
namespace {

constexpr http::endpoint<push_context> table[] = {
    {http::method::get, "/ws", &open_web_socket},
    {http::method::get, "/events", &open_event_stream},
};
static_assert(http::are_patterns(table));

}  // namespace

std::span<const http::endpoint<push_context>> endpoints() noexcept { return table; }

}  // namespace stagedoor::notify
