// What auth-service answers, as JSON. proto-docs/openapi.yaml describes the same.
#pragma once

#include <optional>
#include <string>

#include "auth-service/src/session/session_endings.hpp"
#include "auth-service/src/session/session_service.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/http/request.hpp"
#include "common/http/response.hpp"

namespace stagedoor::api {

struct context;

// The problem of an error; with the fields that are wrong.
http::response refuse(const boost::system::error_code& error);
http::response refuse(errc error, std::vector<field_error> fields = {});

// For calls in whose bodies nothing is to be said: the problem of one that says something.
std::optional<http::response> complaint_about_body(const http::request& request);

// 200 with no body: who it is, for what stands behind the gateway, in X-Auth-User-Id, -Role, -Status and -Version. All
// of them are ASCII words of our own. E-mail and name are not there: they may be any text, which fields cannot carry
// safely, and they are copied into logs too easily.
http::response admitted_as(const user_facts& user);

// {"user"}
std::string user_json(const user_facts& user);

// {"user","session"}
std::string me_json(const session::session_ref& who, const user_facts& user, const session::session_record& record,
                    const session::timeouts& limits);

// {"user","redirectUrl"}
std::string signed_in_json(const user_facts& user);

// {"redirectUrl"}
std::string signed_out_json();

// Of an answer to whoever signs out the browser at hand: takes the session cookie, and clears what the origin's pages
// have left behind (Clear-Site-Data, unless the operator has it otherwise; https only, browsers ignore it elsewhere). Not
// its "cookies": that would take the cookies of every host of the site, and those that outlive a session.
void clear_browser(http::response& answered, const context& with);

// {"redirectUrl"}, and the browser cleared.
http::response signed_out_here(const context& with);

// {"user","statusChanged","previousStatus","redirectUrl"}
std::string refreshed_json(const session::refreshed_session& refreshed);

// {"items"}: a list of devices. `asking`: the session that asks for it.
std::string sessions_json(const std::vector<session::living_session>& sessions, const session_id& asking);

// {"profile","user"}
std::string profile_json(const user_facts& user, const user::profile& profile);

}  // namespace stagedoor::api
