#include "auth-service/src/http/admin_handlers.hpp"
#include "auth-service/src/http/answers.hpp"
#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/json.hpp"

namespace stagedoor::api {

namespace {

void append_code(std::string& out, std::string_view name, const boost::system::error_code& failure) {
    out.append("\"").append(name).append("\":");
    if (!failure) {
        out.append("null");
    } else {
        append_json_string(out, problem_of(to_errc(failure)).code);
    }
}

// It has no condition of readiness: checks go on without it. So it is tried: a row that is there, and a purge, which takes
// the writer's way and its lock.
runtime::task<std::string> try_database(context& with, user_id somebody) {
    const auto read = co_await with.users.find_credentials(somebody);
    const auto written = co_await with.answers.purge();
    std::string out = "{";
    append_code(out, "reads", read.error());
    out.push_back(',');
    append_code(out, "writes", written.error());
    co_return out + "}";
}

}  // namespace

// For tools that look for what is wrong: an admin may know what strangers may not, the version above all (ASVS 13.4.6).
answer describe_system(context& with, const http::request&, admin_caller by) {
    const auto database = co_await try_database(with, by.user.id);
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
    out.append("],\"database\":").append(database);
    co_return http::response::json(200, out + "}");
}

}  // namespace stagedoor::api
