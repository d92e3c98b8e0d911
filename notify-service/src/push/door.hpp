// From a request to a place in the hub, whatever the transport: who may have a socket, and why others may not.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/http/request.hpp"
#include "common/http/response.hpp"
#include "notify-service/src/push/push_socket.hpp"

namespace stagedoor::notify {

// Who knocked has joined the hub and is to be handed the connection; or was refused, and the transport says so in its
// own way.
struct admittance {
    std::shared_ptr<push_socket> socket;
    std::optional<refusal> refused;
    // Held by the socket, or by whoever tells of the refusal, until the connection's end. Nothing: the process or the
    // client's network has enough, and the request is answered by a status, whatever its transport.
    std::optional<socket_quota::place> place;

    // The refusal concerns this node, not the client: 503 before anything else is said, so that a gateway can try
    // another node (N8).
    bool unavailable() const noexcept { return refused && refused->code == close_code::try_again_later; }
};

// Makes the transport's socket, which joins the hub at once.
using socket_maker = std::shared_ptr<push_socket> (*)(push_context& node, encoding how, const session::session_ref& who,
                                                      feed position);

// The first session of the request's cookies that lives gets the socket: a dead one does not hide it (K11). `cursor`: as
// the client gave it; one that cannot be read, or is another user's, is none (N3).
runtime::task<admittance> admit(push_context& node, const http::request& incoming, std::string cursor, encoding how,
                                socket_maker make);

// Who was admitted, for the connection to be handed to: the socket opens then, and is counted. Destroyed before that it
// counts as abandoned.
std::unique_ptr<http::takeover> hand_over(handshake_metrics& counts, admittance admitted);

// The refusal as a problem, with Retry-After where the client may come back: for each another time, so that they come
// evenly.
http::response problem_of_refusal(push_context& node, const refusal& why);

// `?cursor=`; empty without one.
std::string cursor_in_query(const http::request& incoming);

}  // namespace stagedoor::notify
