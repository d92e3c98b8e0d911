// What a handler sees of one HTTP request. Views into the connection's buffer, valid until the handler's task ends.
#pragma once

#include <array>
#include <boost/asio/ip/address.hpp>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"
#include "common/http/method.hpp"
#include "common/http/query.hpp"
#include "common/http/trace.hpp"
#include "common/http/trusted_proxies.hpp"

namespace stagedoor::http {

struct header_field {
    std::string_view name;   // as sent
    std::string_view value;  // without white space around it
};

// A request as it was read. `keep_alive` and `minor_version` are the connection's business.
struct request_parts {
    method verb = method::get;
    http::target target;
    std::vector<header_field> fields;
    std::string_view body;
    bool keep_alive = true;
    unsigned minor_version = 1;  // HTTP/1.x
};

// Where a request came in.
struct arrival {
    boost::asio::ip::address peer;
    const trusted_proxies& proxies;
    id_source& ids;
};

// A part of the path that stood for `{name}` in the endpoint's pattern.
struct path_parameter {
    std::string_view name;
    std::string_view value;
};
inline constexpr std::size_t path_parameters = 4;  // no pattern has more

class request {
public:
    // Both outlive the request.
    request(const request_parts& parts, const arrival& from) : parts_{parts}, from_{from} {}
    request(const request&) = delete;
    request& operator=(const request&) = delete;

    method verb() const noexcept { return parts_.verb; }
    // Escapes resolved, without the query.
    std::string_view path() const noexcept { return parts_.target.path; }
    // The query as sent. Errors of query(): errc::bad_request.
    std::string_view query_text() const noexcept { return parts_.target.query; }
    result<http::query> query() const { return http::query::parse(parts_.target.query); }
    std::string_view body() const noexcept { return parts_.body; }
    // HTTP/1.x.
    unsigned minor_version() const noexcept { return parts_.minor_version; }

    // The first field of this name, in any case; "" when there is none. Several Cookie fields are one, joined by "; ".
    std::string_view header(std::string_view name) const noexcept;
    std::optional<std::string_view> find_header(std::string_view name) const noexcept;
    const std::vector<header_field>& headers() const noexcept { return parts_.fields; }

    // True when Content-Type is application/json, in UTF-8 or without a charset.
    bool has_json_type() const noexcept;

    // The part of the path that stood for `{name}`; "" when the pattern has no such name.
    std::string_view parameter(std::string_view name) const noexcept;
    // The pattern of the endpoint that serves it; "" when none does. For metrics, where paths would be too many.
    std::string_view route() const noexcept { return route_; }

    // Who sent it, behind trusted proxies.
    boost::asio::ip::address client_address() const;
    // True when what the peer says of scheme, host and client may be believed.
    bool from_trusted_proxy() const { return from_.proxies.contains(from_.peer); }

    // Ours, unless a trusted proxy has given a sane X-Request-Id (1 to 64 of A-Z a-z 0-9 . _ -).
    std::string_view request_id() const;
    // From a valid traceparent, else new.
    const trace_context& trace() const;

    // For whoever checks the session: whom a genuine token names, also when it was refused. For the log.
    std::optional<session_ref>& asked_by() const noexcept { return asked_by_; }
    // Likewise of an API token: the user in whose name it acts, and its id.
    struct token_ref {
        user_id user;
        uuid_bytes token;
    };
    std::optional<token_ref>& asked_by_token() const noexcept { return asked_by_token_; }
    // What the request was about, where that is not who asks: `account:` and a keyed hash, say. Nothing that was typed. For
    // the log.
    std::string& about() const noexcept { return about_; }

    // What the router has found out. Not for handlers.
    struct matched_route {
        std::string_view pattern;
        std::array<path_parameter, path_parameters> parameters{};
    };
    void set_route(const matched_route& match) noexcept;

private:
    const request_parts& parts_;
    const arrival& from_;
    std::string_view route_;
    std::array<path_parameter, path_parameters> parameters_{};
    // Made at the first question.
    mutable std::optional<http::request_id> own_id_;
    mutable std::optional<trace_context> trace_;
    mutable std::optional<session_ref> asked_by_;
    mutable std::optional<token_ref> asked_by_token_;
    mutable std::string about_;
};

}  // namespace stagedoor::http
