#include "auth-service/src/http/answers.hpp"

#include "auth-service/src/http/context.hpp"
#include "auth-service/src/pages/access.hpp"
#include "common/core/json.hpp"

namespace stagedoor::api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view text) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, text);
}

void append_home(std::string& out, const user_facts& user) {
    append_member(out, "redirectUrl", pages::path_of(pages::home_of(pages::visitor{user.role, user.status})));
}

std::string begin_with_user(const user_facts& user) {
    std::string out;
    out.reserve(512);
    out.append("{\"user\":");
    append_public_json(out, user);
    return out;
}

}  // namespace

http::response refuse(const boost::system::error_code& error) { return http::response::problem(to_errc(error)); }

http::response refuse(errc error, std::vector<field_error> fields) {
    return http::response::problem(error, {}, std::move(fields));
}

std::optional<http::response> complaint_about_body(const http::request& request) {
    auto body = body_reader::parse(request.body());
    if (!body) return refuse(body.error());
    if (!body->finish()) return refuse(errc::validation_failed, body->errors());
    return std::nullopt;
}

http::response admitted_as(const user_facts& user) {
    http::response admitted{200};
    admitted.reserve_fields(4);
    admitted.add("X-Auth-User-Id", user.id.text());
    admitted.add("X-Auth-User-Role", std::string{to_string(user.role)});
    admitted.add("X-Auth-User-Status", std::string{to_string(user.status)});
    admitted.add("X-Auth-User-Version", std::to_string(user.version));
    return admitted;
}

std::string user_json(const user_facts& user) { return begin_with_user(user) + "}"; }

std::string me_json(const session::session_ref& who, const user_facts& user, const session::session_record& record,
                    const session::timeouts& limits) {
    auto out = begin_with_user(user);
    out.append(",\"session\":{\"id\":\"");
    append_uuid(out, who.session.bytes);
    out.append("\"");
    append_member(out, "createdAt", format_rfc3339(record.created_at));
    append_member(out, "lastSeenAt", format_rfc3339(record.last_seen_at));
    append_member(out, "expiresAt", format_rfc3339(record.expires_at));
    const auto idle = std::chrono::duration_cast<std::chrono::seconds>(limits.idle).count();
    out.append(",\"idleTimeoutSeconds\":").append(std::to_string(idle)).append("}}");
    return out;
}

std::string signed_in_json(const user_facts& user) {
    auto out = begin_with_user(user);
    append_home(out, user);
    return out + "}";
}

std::string signed_out_json() { return R"({"redirectUrl":"/login"})"; }

void clear_browser(http::response& answered, const context& with) {
    answered.add("Set-Cookie", with.cookie.clear());
    if (!with.clear_site_data.empty()) answered.add("Clear-Site-Data", with.clear_site_data);
}

http::response signed_out_here(const context& with) {
    auto signed_out = http::response::json(200, signed_out_json());
    clear_browser(signed_out, with);
    return signed_out;
}

std::string refreshed_json(const session::refreshed_session& refreshed) {
    auto out = begin_with_user(refreshed.user);
    out.append(refreshed.status_changed ? ",\"statusChanged\":true" : ",\"statusChanged\":false");
    append_member(out, "previousStatus", to_string(refreshed.previous_status));
    append_home(out, refreshed.user);
    return out + "}";
}

std::string sessions_json(const std::vector<session::living_session>& sessions, const session_id& asking) {
    std::string out = "{\"items\":[";
    for (const auto& each : sessions) {
        if (out.back() != '[') out.append(",");
        out.append("{\"id\":\"").append(each.id.text()).append("\"");
        append_member(out, "createdAt", format_rfc3339(each.created_at));
        if (each.last_seen_at) {
            append_member(out, "lastSeenAt", format_rfc3339(*each.last_seen_at));
        } else {
            out.append(",\"lastSeenAt\":null");
        }
        append_member(out, "expiresAt", format_rfc3339(each.expires_at));
        append_member(out, "device", each.device);
        append_member(out, "address", each.address);
        out.append(each.id == asking ? ",\"current\":true}" : ",\"current\":false}");
    }
    return out + "]}";
}

std::string profile_json(const user_facts& user, const user::profile& profile) {
    auto out = begin_with_user(user);
    out.append(",\"profile\":{\"displayName\":");
    append_json_string(out, user.display_name);
    append_member(out, "phone", profile.phone);
    append_member(out, "company", profile.company);
    append_member(out, "bio", profile.bio);
    return out + "}}";
}

}  // namespace stagedoor::api
