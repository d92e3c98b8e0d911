// What a handler answers. Status, type, fields and body; or a problem (RFC 9457); or that it takes over the socket.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/json.hpp"
#include "common/http/tcp.hpp"

namespace stagedoor::http {

// Somebody who takes over a connection's socket, say the hub of the WebSockets. Destroyed without `take` when the
// peer went away first: whatever was reserved for the socket is given back in the destructor.
class takeover {
public:
    virtual ~takeover() = default;
    // Called once, on the connection's shard, after the response's head was written. `unread`: what the peer has sent
    // beyond its request.
    virtual void take(tcp_socket socket, std::string unread) = 0;
};

// RFC 9457. The connection writes it as application/problem+json with the members type, title, status, code, detail,
// instance (the request's id) and errors.
struct problem {
    errc error = errc::internal_error;
    std::string detail;               // for people; left out when empty. Never a secret
    std::vector<field_error> errors;  // left out when empty
    std::string members{};            // further ones as JSON (RFC 9457 section 3.2): `"by":{…},"at":"…"`; or empty
};

class response {
public:
    explicit response(unsigned status) : status_{static_cast<std::uint16_t>(status)} {}

    static response json(unsigned status, std::string text);
    // `type` has static lifetime.
    static response text(unsigned status, std::string_view type, std::string body);
    // `type` and `body` have static lifetime: nothing is copied until it is written.
    static response fixed(unsigned status, std::string_view type, std::string_view body);
    // 303 See Other.
    static response redirect(std::string location);
    // 429 and 503 carry Retry-After, one second unless given. 401 carries WWW-Authenticate (RFC 9110 section 15.5.2) with
    // the code, for gateways drop bodies; where an API token is at fault, by RFC 6750.
    static response problem(errc error, std::string detail = {}, std::vector<field_error> errors = {},
                            std::optional<std::chrono::seconds> retry_after = {});
    // A problem with further members, see http::problem.
    static response problem_with(errc error, std::string detail, std::string members);
    // Writes the head alone, without Content-Length, then passes the socket on; to a HEAD, the head is all. Not a way to
    // keep a connection alive: 101 is followed by another protocol, and the body of anything else is the connection's
    // last. Whoever takes over frames it as the fields say that were added.
    static response hand_over(unsigned status, std::unique_ptr<takeover> to);

    // `name` has static lifetime. May be repeated (Set-Cookie). Cache-Control, Content-Security-Policy and
    // Cross-Origin-Resource-Policy replace the default that every response has:
    //     Cache-Control: no-store
    //     Content-Security-Policy: default-src 'none'; frame-ancestors 'none'
    //     Cross-Origin-Resource-Policy: same-origin
    //     X-Content-Type-Options: nosniff
    //     Referrer-Policy: no-referrer
    // Throws std::invalid_argument (a bug, answered by 500) when `value` holds a control character.
    response& add(std::string_view name, std::string value) &;
    response&& add(std::string_view name, std::string value) &&;

    // Room for `count` fields at once: for answers on the hot path that have several.
    void reserve_fields(std::size_t count) { fields_.reserve(count); }

    unsigned status() const noexcept { return status_; }
    // The problem's error; nothing for every other response.
    std::optional<errc> error() const noexcept;

    // For the writer.
    std::string_view type() const noexcept { return type_; }
    std::string_view body() const noexcept { return fixed_body_.empty() ? std::string_view{body_} : fixed_body_; }
    const std::vector<std::pair<std::string_view, std::string>>& fields() const noexcept { return fields_; }
    const http::problem* as_problem() const noexcept { return problem_.get(); }
    bool hands_over() const noexcept { return takeover_ != nullptr; }
    std::unique_ptr<takeover> release_takeover() noexcept { return std::move(takeover_); }

    enum default_field : std::uint8_t { cache_control = 1, content_security_policy = 2, resource_policy = 4 };
    // The defaults that fields() replaces, as bits of default_field.
    std::uint8_t replaced() const noexcept { return replaced_; }

private:
    std::uint16_t status_;
    std::uint8_t replaced_ = 0;
    std::string_view type_;
    std::string_view fixed_body_;
    std::string body_;
    std::vector<std::pair<std::string_view, std::string>> fields_;
    std::unique_ptr<http::problem> problem_;
    std::unique_ptr<takeover> takeover_;
};

}  // namespace stagedoor::http
