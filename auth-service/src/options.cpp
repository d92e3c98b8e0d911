#include "auth-service/src/options.hpp"

#include <algorithm>
#include <thread>

#include "auth-service/src/user/email.hpp"
#include "common/core/cookie.hpp"
#include "common/core/json.hpp"
#include "common/core/origin.hpp"
#include "common/http/trusted_proxies.hpp"
#include "common/redis/url.hpp"

namespace stagedoor {
namespace {

using namespace config;
using namespace std::chrono_literals;

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_database_url(std::string_view text) {
    return text.starts_with(sqlite_scheme) && text.size() > sqlite_scheme.size();
}

bool is_notify_url(std::string_view text) {
    return text.starts_with("/") || text.starts_with("ws://") || text.starts_with("wss://");
}

bool is_prefix(std::string_view text) {
    const auto fine = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fine);
}

std::size_t cores() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64); }

void add_database_url(option_set& set, std::string& target) {
    set.add("database-url", target, text("URL", "sqlite:PATH", is_database_url), required,
            "The database, the truth about users and sessions. The file is made when it is missing.");
}

}  // namespace

std::string sqlite_path(const std::string& database_url) { return database_url.substr(sqlite_scheme.size()); }

void add_serve_options(option_set& set, serve_options& o) {
    set.group("Network");
    set.add("listen", o.listen, address(), required, "Where browsers and gateways reach the service.");
    set.add("ops-listen", o.ops_listen, address(), config::listen_address{},
            "Where /healthz, /readyz and /metrics are answered. Never make it public.");
    set.add("allowed-origin", o.allowed_origins,
            text("ORIGIN", "an origin like https://example.com", [](auto t) { return parse_origin(t).has_value(); }),
            required,
            "An origin whose pages may call the API. The first one is where people are: https there makes the session "
            "cookie Secure.");
    set.add("notify-url", o.notify_url, text("URL", "/path, ws://… or wss://…", is_notify_url), "/ws",
            "Where pages open their WebSocket.");
    set.add("trusted-proxy", o.trusted_proxies,
            text("NETWORK", "an address or network like 10.0.0.0/8",
                 [](auto t) { return http::network::parse(t).has_value(); }),
            {}, "A proxy that is believed about the address of its client.");

    set.group("Stores");
    set.add("redis-url", o.redis_url,
            text("URL", "redis://HOST:PORT or unix:/PATH", [](auto t) { return redis::parse_url(t).has_value(); }),
            required, "Redis, where sessions are hot and both services meet.");
    set.add("redis-password", o.redis_password, hidden(), {}, "In the place of one in the URL.");
    set.add("redis-prefix", o.redis_prefix, text("NAME", "1 to 32 of a-z 0-9 _ -", is_prefix), "stagedoor",
            "The first part of every key and channel in Redis.");
    add_database_url(set, o.database_url);
    set.add("outbox-retention", o.outbox_retention, duration{1h, std::chrono::days{365}},
            limits::outbox_retention_default,
            "How long changes that everybody has heard of stay in the table outbox, beside the last 64 of each user. A Redis "
            "that comes back with a copy that is older than this loses its session records, and sessions are made again "
            "from the database.");

    set.group("Sessions");
    set.add("session-key-file", o.session_key_file, config::path(), required,
            "The keys that sign session tokens, readable by this service alone. Made when it is missing and its folder "
            "is writable.");
    set.add("cookie-domain", o.cookie_domain, text("DOMAIN"), "",
            "Sends the session cookie to all hosts of this domain, for sites that need it on several. Weaker than the "
            "default, a cookie of one host: every host below the domain can read and plant it. Needs https.");
    set.constrain([&o] {
        return o.cookie_domain.empty() ? std::string{}
                                       : complaint_about_cookie_domain(o.cookie_domain, o.allowed_origins);
    });
    set.add("clear-site-data", o.clear_site_data,
            one_of<std::string>({{"all", "\"cache\", \"storage\""}, {"cache", "\"cache\""}, {"off", ""}}),
            "\"cache\", \"storage\"",
            "What a sign-out removes from the browser beside the cookie, on https: all that pages of this origin have "
            "stored, an application's localStorage and IndexedDB among it; their cached files alone; or nothing.");
    set.add("session-idle-timeout", o.timeouts.idle, duration{2min, std::chrono::days{90}}, limits::session_idle_default,
            "A session that nobody uses for this long is over.");
    set.add("session-absolute-timeout", o.timeouts.absolute, duration{2min, std::chrono::days{365}},
            limits::session_absolute_default, "No session gets older than this.");
    set.add("session-cache", o.session_cache, memory_or_off{std::size_t{1} << 20, std::size_t{1} << 36},
            limits::session_cache_default,
            "Memory for sessions that are answered without asking Redis, a share for each event loop; 64 MiB hold about "
            "65,000. Off: every check asks Redis.");
    set.add("sessions-per-user", o.sessions_per_user,
            integer{1, static_cast<std::int64_t>(limits::sessions_per_user_max), "sessions"},
            limits::sessions_per_user_default,
            "How many sessions of one user live at most. A sign-in beyond that ends the oldest.");
    set.add("session-rotation-grace", o.timeouts.grace, duration{2s, 10min}, limits::rotation_grace,
            "How long a new session token has to be in use until the one before it is over. Keep it above twice the "
            "slowest request plus what a browser forgets in a crash (30 s), else a lost answer may log somebody out.");
    set.constrain([&o] {
        return o.timeouts.idle <= o.timeouts.absolute
                   ? std::string{}
                   : std::string{"session-idle-timeout is longer than session-absolute-timeout"};
    });

    set.group("Rate limits");
    set.add("limit-sign-ins", o.limits.sign_in, per_time(), limits::sign_in_rate,
            "Attempts to sign in of one network (an IPv4 address, an IPv6 /64): once for devices that have signed in to the "
            "account before, and once for all others.");
    set.add("limit-sign-ins-device", o.limits.device_sign_in, per_time(), limits::device_sign_in_rate,
            "Attempts to sign in to one account on one device that has signed in to it before, and of one session to change "
            "the password.");
    set.add("limit-failed-sign-ins-network", o.limits.network, per_time(), limits::network_rate,
            "Failed sign-ins of one network, to all accounts together.");
    set.add("limit-failed-sign-ins-account", o.limits.account, per_time(), limits::account_rate,
            "Failed sign-ins to one account, of all devices together that have never signed in to it.");
    set.add("limit-failed-sign-ins-device", o.limits.device, per_time(), limits::device_rate,
            "Failed sign-ins to one account on one device that has signed in to it before, which those of others do "
            "not keep out.");
    set.add("limit-registrations", o.limits.registration, per_time(), limits::registration_rate,
            "Attempts to register of one network.");
    set.add("limit-bad-tokens", o.limits.token, per_time(), limits::bad_token_rate,
            "Calls with API tokens that are none of ours or are over, of one network and node.");

    set.group("Process");
    set.add("threads", o.threads, integer{1, 64, "threads"}, cores(), "Event loops.").show_default("one per core");
    set.add("hash-threads", o.hash_threads, integer{1, 64, "threads"}, cores(),
            "Threads that hash passwords; each keeps 19 MiB and does about 65 a second.")
        .show_default("one per core");
    set.add("drain-time", o.drain_time, duration{0ms, 10min}, limits::drain_default,
            "How long running requests may take after SIGTERM.");
    set.add("log-format", o.log_format,
            one_of<obs::log::format>({{"text", obs::log::format::text}, {"json", obs::log::format::json}}),
            obs::log::format::text, "How the log on stderr is written.");
    set.add("log-level", o.log_level,
            one_of<obs::log::level>({{"debug", obs::log::level::debug},
                                     {"info", obs::log::level::info},
                                     {"warn", obs::log::level::warn},
                                     {"error", obs::log::level::error}}),
            obs::log::level::info, "How much is logged; debug tells each session refresh step by step.");
}

void add_migrate_options(option_set& set, migrate_options& o) { add_database_url(set, o.database_url); }

void add_after_restore_options(option_set& set, after_restore_options& o) {
    set.add("database-url", o.database_url, text("URL", "sqlite:PATH", is_database_url), required,
            "The database that was restored. Nobody may have it open.");
}

void add_create_token_options(option_set& set, create_token_options& o) {
    const auto is_name = [](std::string_view text) {
        return !trim(text).empty() && !has_control_chars(text) && count_chars(text) <= limits::api_token_name_chars;
    };
    add_database_url(set, o.database_url);
    set.add("email", o.email,
            text("E-MAIL", "an e-mail address", [](auto t) { return user::normalise_email(t).has_value(); }), required,
            "The admin in whose name the token acts.");
    set.add("name", o.name, text("NAME", "1 to 100 characters", is_name), required,
            "What the token is for, as admins see it in the list.");
    set.add("scope", o.scope,
            one_of<admin::token_scope>({{"read", admin::token_scope::read}, {"approve", admin::token_scope::approve}}),
            admin::token_scope::read, "Approve may decide about people and end sessions, and read.");
    set.add("life", o.life, duration{1min, limits::api_token_life_max}, limits::api_token_life_default,
            "How long the token lives.");
}

void add_create_admin_options(option_set& set, create_admin_options& o) {
    add_database_url(set, o.database_url);
    set.add("email", o.email,
            text("E-MAIL", "an e-mail address", [](auto t) { return user::normalise_email(t).has_value(); }), required,
            "The admin signs in with it.");
    set.add("display-name", o.display_name, text("NAME"), "Admin", "What others see.");
    set.add("password-stdin", o.password_stdin, on_off(), false,
            "Reads the password from the first line of standard input. Without it, it is asked for.");
}

}  // namespace stagedoor
