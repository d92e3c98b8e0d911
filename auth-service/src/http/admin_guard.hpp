// Who may call the admin API: an active admin, signed in by the cookie, or an API token of one, by `Authorization:
// Bearer`. A handler of the admin API takes an admin_caller, and only as_admin makes one, so none can be reached
// unasked.
//
//     {get, "/api/admin/audit", &as_admin<admin_right::read, &list_audit>},
//
// A call with a Bearer token is that token's alone: its cookie is not looked at. Browsers send no such field by
// themselves, nor may pages of other origins set it, so where it comes from does not matter (guard.cpp).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth-service/src/admin/token_service.hpp"
#include "auth-service/src/http/handlers.hpp"

namespace stagedoor::api {

// What a token has to reach. `owner`: no token will do but where the handler says so.
enum class admin_right : std::uint8_t { read, approve, owner };

struct admin_caller {
    user_facts user;
    std::optional<session_ref> session;  // one of the two
    std::optional<admin::token_id> token;
    std::string address;

    // For the audit log.
    user::actor actor() const;
    std::string name() const;  // of the session's user or of the token: whose Idempotency-Keys they are
};

using admin_handler = answer (*)(context& with, const http::request& request, admin_caller by);

answer call_as_admin(context& with, const http::request& request, admin_right needed, admin_handler handle);

template <admin_right Needed, admin_handler Handle>
answer as_admin(context& with, const http::request& request) {
    return call_as_admin(with, request, Needed, Handle);
}

inline constexpr std::string_view admin_paths = "/api/admin/";

// The token of an admin call; nothing for a call by cookie.
std::optional<std::string_view> bearer_token(const http::request& request) noexcept;

// For a call whose body may be large: nothing when the caller may make it, so that nobody else can send so much.
runtime::task<std::optional<http::response>> refuse_large(context& with, const http::request& request,
                                                          admin_right needed);

}  // namespace stagedoor::api
