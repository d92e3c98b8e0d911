#include "notify-service/src/options.hpp"

#include <algorithm>
#include <string_view>
#include <thread>

#include "common/core/cookie.hpp"
#include "common/core/limits.hpp"
#include "common/core/origin.hpp"
#include "common/http/trusted_proxies.hpp"
#include "common/redis/url.hpp"

namespace stagedoor::notify {
namespace {

using namespace std::chrono_literals;

// One shard per core; more only compete.
std::size_t cores() { return std::clamp<std::size_t>(std::thread::hardware_concurrency(), 1, 64); }

bool is_prefix(std::string_view text) {
    const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, fits);
}

void add_network_options(config::option_set& set, serve_options& o) {
    using namespace config;
    set.group("Network");
    set.add("listen", o.listen, address(), required, "Where browsers and gateways reach the service.");
    set.add("ops-listen", o.ops_listen, address(), {}, "Where /healthz, /readyz and /metrics are answered. Never make it public.");
    set.add("allowed-origin", o.origins,
            text("ORIGIN", "an origin like https://example.com",
                 [](std::string_view given) { return parse_origin(given).has_value(); }),
            required,
            "An origin whose pages may open sockets. The first one is where people are: it names the session cookie.");
    set.add("trusted-proxy", o.proxies,
            text("NETWORK", "an address or network like 10.0.0.0/8",
                 [](std::string_view given) { return http::network::parse(given).has_value(); }),
            {}, "A proxy that is believed about the address of its client.");
    set.add("threads", o.threads, integer{1, 64, "threads"}, cores(), "Event loops.")
        .show_default("one per core");
}

void add_redis_options(config::option_set& set, serve_options& o) {
    using namespace config;
    set.group("Redis");
    set.add("redis-url", o.redis_url,
            text("URL", "redis://HOST:PORT or unix:/PATH",
                 [](std::string_view given) { return redis::parse_url(given).has_value(); }),
            required, "Redis, where sessions are hot and both services meet.");
    set.add("redis-password", o.redis_password, hidden(), {}, "In the place of one in the URL.");
    set.add("redis-prefix", o.redis_prefix, text("NAME", "1 to 32 of a-z 0-9 _ -", &is_prefix),
            "stagedoor", "The first part of every key and channel in Redis; the same as auth-service's.");
}

void add_session_options(config::option_set& set, serve_options& o) {
    using namespace config;
    set.group("Sessions");
    set.add("session-key-file", o.key_file, path(), {},
            "auth-service's keys: with them strangers cost no round trip to Redis.");
    set.add("cookie-domain", o.cookie_domain, text("DOMAIN"), "",
            "Reads the session cookie that all hosts of this domain get; the same as auth-service's.");
    set.constrain([&o] {
        return o.cookie_domain.empty() ? std::string{} : complaint_about_cookie_domain(o.cookie_domain, o.origins);
    });
    set.add("session-idle-timeout", o.session_idle, duration{1s, std::chrono::days{365}}, limits::session_idle_default,
            "A session that nobody uses for this long is over; the same as auth-service's.");
}

void add_socket_options(config::option_set& set, serve_options& o) {
    using namespace config;
    set.group("Sockets");
    set.add("heartbeat-interval", o.heartbeat, duration{100ms, 1h}, limits::ws_heartbeat_default,
            "How often each socket hears that it is alive.");
    set.add("drain-time", o.drain, duration{0ms, 10min}, limits::drain_default,
            "Over how long sockets are closed after SIGTERM.");
    set.add("max-sockets", o.max_sockets, integer{1, 1'000'000, "sockets"}, limits::ws_sockets,
            "Sockets of this process, WebSockets and event streams together.");
    set.add("sockets-per-user", o.sockets_per_user, integer{1, 10'000, "sockets"}, limits::ws_sockets_per_user,
            "Sockets of one user on this process.");
    set.add("sockets-per-network", o.sockets_per_network, integer{1, 1'000'000, "sockets"},
            limits::ws_sockets_per_network,
            "Sockets of one client network (an IPv4 address, an IPv6 /64) on this process; see --trusted-proxy.");
}

void add_log_options(config::option_set& set, serve_options& o) {
    using namespace config;
    using obs::log::format;
    using obs::log::level;
    set.group("Logs");
    set.add("log-format", o.log_format, one_of<format>({{"text", format::text}, {"json", format::json}}), format::text,
            "How the log on stderr is written.");
    set.add("log-level", o.log_level,
            one_of<level>({{"debug", level::debug},
                           {"info", level::info},
                           {"warn", level::warn},
                           {"error", level::error},
                           {"off", level::off}}),
            level::info, "How much is logged.");
}

}  // namespace

void add_serve_options(config::option_set& set, serve_options& into) {
    add_network_options(set, into);
    add_redis_options(set, into);
    add_session_options(set, into);
    add_socket_options(set, into);
    add_log_options(set, into);
}

}  // namespace stagedoor::notify
