// Checks from the outside in: the address, the server behind it, what that stands on, our credentials; each with what to do.
#include <algorithm>
#include <array>
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

// The conditions of an ops port. It asks nobody who they are, and may be somebody else's by a slip of the pen: it is never
// told who we are.
void check_readiness(report& into, const api& server, const std::string& name, const std::string& ops_url) {
    if (ops_url.empty()) return;
    api stranger{server.at(), {}};
    try {
        const auto ready = stranger.call("GET", ops_url + "/readyz", nullptr, {}, api::form::text);
        if (ready.status == 200) return into.good(name, "ready");
        into.bad(name, "not ready", "See `curl " + ops_url + "/readyz` and its log.");
    } catch (const failure& why) {
        into.bad(name, why.what(), "Is it running, and is this its ops address?");
    }
}

// What to do about a condition, by a part of its reason. The first that fits.
struct remedy {
    std::string_view condition;
    std::string_view sign;
    std::string_view mend;
};
constexpr std::array remedies{
    remedy{"redis", "cannot be reached", "Start Redis, or correct auth-service's --redis-url. Meanwhile the database answers, and open tabs hear nothing."},
    remedy{"redis", "maxmemory-policy", "Say `CONFIG SET maxmemory-policy noeviction` to Redis, and write it into its configuration."},
    remedy{"redis", "version", "Let auth-service use a newer Redis."},
    remedy{"redis", "replica", "Let auth-service's --redis-url name the master."},
    remedy{"sessions", "", "It follows from what is said of redis and fence, and ends with it."},
    remedy{"fence", "after-restore", "Do as it says; operations.md, Backups and restores, has the steps."},
    remedy{"fence", "", "It ends by itself when Redis has everything again; if it does not, see the log of auth-service."},
    remedy{"accepting", "", "It is starting or stopping: ask again in a moment."},
    remedy{"database", "database_busy", "Somebody holds a lock on the database: look for an open transaction in a shell, or a long back-up."},
    remedy{"database", "overloaded", "More is asked of it than it can do: see stagedoor_sql_* in its metrics."},
    remedy{"database", "", "Look for a full disk, the file's owner and mode, and the log of auth-service."},
};

std::string_view mend_for(std::string_view condition, std::string_view reason) {
    for (const auto& each : remedies) {
        if (each.condition == condition && reason.find(each.sign) != std::string_view::npos) return each.mend;
    }
    return "operations.md says what each condition means.";
}

void check_database(report& into, const json::object& about) {
    const auto& found = member_of(about, "database").as_object();
    for (const auto* what : {"reads", "writes"}) {
        const auto why = optional_text_of(found, what);
        if (!why.empty()) return into.bad("database", std::string{"it takes no "} + what + " (" + why + ')', std::string{mend_for("database", why)});
    }
    into.good("database", "it reads and writes");
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
            into.bad(name, why, std::string{mend_for(name, why)});
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
    check_database(into, about);
}

void check_server(report& into, desk& at) {
    const auto& address = at.server.at().server;
    const auto me = at.server.call("GET", address + "/api/auth/me", nullptr);
    if (me.status == 200 || me.status == 401) return into.good("server", address + " answers within " + std::to_string(me.took.count()) + " ms");
    static_cast<void>(at.server.checked(me));
}

struct obstacle {
    exit_code code;
    std::string_view check;
    std::string_view mend;
};
constexpr std::array obstacles{
    obstacle{exit_code::not_signed_in, "signed in", "Run `stagectl login`."},
    obstacle{exit_code::forbidden, "signed in", "Sign in as an admin who is active."},
    obstacle{exit_code::unreachable, "server", "Is auth-service running, and is this its address?"},
    obstacle{exit_code::not_understood, "server", "Is this the address of auth-service, and of this version?"},
    obstacle{exit_code::unavailable, "server", "It is there, but cannot answer now: see its log and its metrics, and those of its gateway."},
};

// What kept us from looking further.
void tell_obstacle(report& into, const failure& why) {
    const std::string_view said = why.what();
    const bool of_database = why.code() == exit_code::unavailable && said.find("database") != std::string_view::npos;
    if (of_database) return into.bad("database", why.what(), std::string{mend_for("database", said)});
    const auto* const found = std::ranges::find(obstacles, why.code(), &obstacle::code);
    if (found == obstacles.end()) return into.bad("server", why.what(), "See the log of auth-service and of its gateway.");
    into.bad(std::string{found->check}, why.what(), std::string{found->mend});
}

}  // namespace

exit_code doctor(desk& at) {
    report found{at, {}};
    try {
        check_server(found, at);
        if (at.server.who().none()) {
            found.bad("signed in", "no", "Run `stagectl login`; the rest can be checked then.");
        } else {
            check_system(found, at);
        }
    } catch (const failure& why) {
        if (why.code() == exit_code::interrupted) throw;
        tell_obstacle(found, why);
    }
    check_readiness(found, at.server, "auth-service's ops port", at.given.doctor.ops_url);
    check_readiness(found, at.server, "notify-service's ops port", at.given.doctor.notify_ops_url);
    if (at.as_json()) print_json(json::object{{"healthy", found.healthy}, {"checks", found.checks}});
    return found.healthy ? exit_code::done : exit_code::unhealthy;
}

}  // namespace stagedoor::ctl
