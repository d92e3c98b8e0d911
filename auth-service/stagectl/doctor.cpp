// Checks from the outside in: the address, the server behind it, what that stands on, our credentials; each with what to do.
#include <boost/json.hpp>
#include <chrono>
#include <cstdlib>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"
#include "common/core/clock.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

constexpr std::int64_t clock_offset_max_ms = 1000;  // T5: nodes warn above it, too

struct report {
    const desk& at;
    json::array checks;
    bool healthy = true;

    void good(const std::string& what, const std::string& detail) { add(what, true, detail, {}); }
    void bad(const std::string& what, const std::string& detail, const std::string& mend) { add(what, false, detail, mend); }

private:
    void add(const std::string& what, bool fine, const std::string& detail, const std::string& mend) {
        healthy = healthy && fine;
        checks.push_back(json::object{{"check", what}, {"ok", fine}, {"detail", detail}, {"mend", mend}});
        if (at.as_json()) return;
        print((fine ? painted(paint::green, "ok    ") : painted(paint::red, "MEND  ")) + what + ": " + printable(detail) + '\n' +
              (mend.empty() ? "" : "      " + mend + '\n'));
    }
};

// The conditions of an ops port: one line each that is not fulfilled.
void check_readiness(report& into, api& calls, const std::string& name, const std::string& ops_url) {
    if (ops_url.empty()) return;
    try {
        const auto ready = calls.call("GET", ops_url + "/readyz", nullptr, {}, false);
        if (ready.status == 200) return into.good(name, "ready");
        into.bad(name, "not ready", "See `curl " + ops_url + "/readyz` and its log.");
    } catch (const failure& why) {
        into.bad(name, why.what(), "Is it running, and is this its ops address?");
    }
}

void check_conditions(report& into, const json::object& about) {
    for (const auto& item : member_of(about, "conditions").as_array()) {
        const auto& condition = item.as_object();
        const auto name = text_of(condition, "name");
        const auto why = optional_text_of(condition, "reason");
        // One that is ok has a reason when something else stands in for what is away.
        if (member_of(condition, "ok").as_bool() && why.empty()) {
            into.good(name, "as it should be");
        } else {
            into.bad(name, why, "operations.md says what each condition means.");
        }
    }
}

void check_version(report& into, const json::object& about) {
    const auto theirs = text_of(about, "version");
    if (theirs == STAGEDOOR_VERSION) return into.good("version", "both " + theirs);
    into.bad("version", "the server is " + theirs + ", this is " STAGEDOOR_VERSION, "Use the stagectl that came with the server.");
}

void check_clock(report& into, const json::object& about, std::int64_t our_ms) {
    const auto now = parse_rfc3339(text_of(about, "now"));
    if (!now) return into.bad("clock", text_of(about, "now") + " is no time", "Use the stagectl that came with the server.");
    const auto offset = now->time_since_epoch() / std::chrono::milliseconds{1} - our_ms;
    const auto shown = std::to_string(offset) + " ms";
    if (std::llabs(offset) <= clock_offset_max_ms) return into.good("clock", "the server's is " + shown + " from ours");
    into.bad("clock", "the server's is " + shown + " from ours", "Let a time service (chrony, systemd-timesyncd) run on both.");
}

void check_cookie(report& into, const json::object& about, const std::string& server) {
    bool known = false;
    for (const auto& origin : member_of(about, "allowedOrigins").as_array()) known = known || std::string_view{origin.as_string()} == server;
    if (known) {
        into.good("origin", server + " is one of the server's --allowed-origin");
    } else {
        into.bad("origin", server + " is none of the server's --allowed-origin", "Browsers that come by this address are refused: add it there.");
    }
    const bool secure = member_of(about, "cookieSecure").as_bool();
    if (secure == server.starts_with("https://")) return into.good("cookie", text_of(about, "cookieName"));
    into.bad("cookie", text_of(about, "cookieName") + (secure ? " is for https, and this is http" : " is for http, and this is https"),
             "The first --allowed-origin decides: https there makes the cookie Secure.");
}

std::int64_t now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

void check_system(report& into, desk& at) {
    const auto began = now_ms();
    const auto given = at.server.get("/api/admin/system");
    const auto& about = given.object();
    into.good("signed in", at.server.who().account);
    check_version(into, about);
    check_clock(into, about, began + given.took.count() / 2);
    check_cookie(into, about, at.server.at().server);
    check_conditions(into, about);
}

}  // namespace

exit_code doctor(desk& at) {
    report found{at, {}};
    try {
        const auto me = at.server.call("GET", at.server.at().server + "/api/auth/me", nullptr);
        if (me.status != 200 && me.status != 401) {
            found.bad("server", at.server.at().server + " answers " + std::to_string(me.status), "See the log of auth-service and of its gateway.");
        } else {
            found.good("server", at.server.at().server + " answers within " + std::to_string(me.took.count()) + " ms");
        }
        if (at.server.who().none()) {
            found.bad("signed in", "no", "Run `stagectl login`; the rest can be checked then.");
        } else {
            check_system(found, at);
        }
    } catch (const failure& why) {
        const bool away = why.code() == exit_code::unreachable || why.code() == exit_code::unavailable;
        found.bad(away ? "server" : "signed in", why.what(), away ? "Is auth-service running, and is this its address?" : "Run `stagectl login`.");
    }
    check_readiness(found, at.server, "auth-service's ops port", at.given.doctor.ops_url);
    check_readiness(found, at.server, "notify-service's ops port", at.given.doctor.notify_ops_url);
    if (at.as_json()) print_json(json::object{{"healthy", found.healthy}, {"checks", found.checks}});
    return found.healthy ? exit_code::done : exit_code::unhealthy;
}

}  // namespace stagedoor::ctl
