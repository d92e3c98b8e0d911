// The opening handshake, server side (RFC 6455 section 4.2). Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/http/request.hpp"
#include "common/http/response.hpp"

namespace stagedoor::ws {

// The CloudEvents binding's name (WebSocket binding 1.0, section 2): structured mode, JSON.
inline constexpr std::string_view cloudevents_subprotocol = "cloudevents.json";

struct handshake {
    std::string accept;             // Sec-WebSocket-Accept
    bool with_subprotocol = false;  // the client offers cloudevents.json; otherwise none is spoken of
};

// What the request asks for. Errors: errc::upgrade_required: it does not ask for WebSocket, or for another version than
// 13; errc::bad_request: it asks in a way that RFC 6455 forbids.
result<handshake> read_handshake(const http::request& incoming);

// The answer to a request that read_handshake refused: 426 names protocol and version (RFC 9110 section 15.5.22).
http::response refuse_handshake(errc error);

// 101 Switching Protocols; then the socket goes to `to`.
http::response accept_handshake(const handshake& agreed, std::unique_ptr<http::takeover> to);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string accept_key(std::string_view key);

}  // namespace stagedoor::ws
