#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "common/core/clock.hpp"
#include "common/core/json.hpp"

namespace stagedoor::api {

// For tools that look for what is wrong: an admin may know what strangers may not, the version above all (ASVS 13.4.6).
answer describe_system(context& with, const http::request&, admin_caller) {
    auto out = with.system.health.report().body;  // {"ready", "conditions"}
    out.pop_back();
    out.append(",\"version\":\"" STAGEDOOR_VERSION "\",\"now\":\"").append(format_rfc3339(system_now()));
    out.append("\",\"cookieName\":");
    append_json_string(out, with.cookie.name());
    out.append(",\"cookieSecure\":").append(with.system.origins.canonical().https ? "true" : "false");
    out.append(",\"allowedOrigins\":[");
    for (const auto& each : with.system.origins.all()) {
        if (out.back() != '[') out.push_back(',');
        append_json_string(out, each.text);
    }
    co_return http::response::json(200, out + "]}");
}

}  // namespace stagedoor::api
