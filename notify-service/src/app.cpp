#include "notify-service/src/app.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/core/cookie.hpp"
#include "common/core/secrets.hpp"
#include "common/http/listener.hpp"
#include "common/obs/log.hpp"
#include "common/ops/access_log.hpp"
#include "common/ops/ops_service.hpp"
#include "common/runtime/descriptors.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/stop_signals.hpp"
#include "common/session/key_file.hpp"
#include "notify-service/src/push_shard.hpp"

namespace stagedoor::notify {
namespace {

using std::chrono::steady_clock;

// Requests that are not sockets yet are few and short.
constexpr auto requests_end_time = std::chrono::seconds{2};
// Descriptors beside the sockets: links, listeners, connections that have not been upgraded yet.
constexpr std::size_t spare_descriptors = 512;
// Enough that no two starts of any nodes share a name.
constexpr std::size_t node_name_bytes = 9;

int refuse_to_start(const std::string& why) {
    obs::log::error("cannot_start", {{"why", why}});
    return 1;
}

push_settings to_settings(const serve_options& o, std::optional<session::key_ring> keys) {
    std::vector<origin> origins;
    for (const auto& text : o.origins) origins.push_back(*parse_origin(text));
    const session_cookie cookie{origins.front().https, origins.front().port, o.cookie_domain};
    push_settings settings{allowed_origins{std::move(origins)}, std::string{cookie.name()}, std::move(keys), {}, {}};
    settings.timeouts.idle = o.session_idle;
    settings.heartbeat = o.heartbeat;
    return settings;
}

http::trusted_proxies to_proxies(const std::vector<std::string>& texts) {
    std::vector<http::network> networks;
    for (const auto& text : texts) networks.push_back(*http::network::parse(text));
    return http::trusted_proxies{std::move(networks)};
}

redis::url to_redis_url(const serve_options& o) {
    auto url = *redis::parse_url(o.redis_url);
    if (!o.redis_password.empty()) url.password = o.redis_password.reveal();
    return url;
}

// The soft limit is often 1,024; a process may raise it to the hard one.
void raise_descriptor_limit(std::size_t sockets) {
    const auto allowed = runtime::raise_descriptor_limit();
    const auto wanted = sockets + spare_descriptors;
    if (allowed < wanted) obs::log::warn("few_descriptors", {{"allowed", allowed}, {"wanted", wanted}});
}

// What only a look at the shards can tell.
void add_shard_gauges(obs::metrics& metrics, const std::vector<std::unique_ptr<push_shard>>& rooms) {
    auto& channels = metrics.gauge("stagedoor_push_channels", "Channels that the shards have subscribed to.");
    auto& up = metrics.gauge("stagedoor_redis_up", "1 when every shard has both its links to Redis.");
    metrics.before_render([&] {
        std::size_t sum = 0;
        for (const auto& room : rooms) sum += room->channels_seen();
        channels.set(static_cast<double>(sum));
        up.set(std::ranges::all_of(rooms, [](const auto& room) { return room->redis_seen(); }) ? 1 : 0);
    });
}

// Drains every shard at once and waits for all.
void drain(runtime::shards& shards, const std::vector<std::unique_ptr<push_shard>>& rooms,
           std::chrono::milliseconds window) {
    std::vector<std::promise<void>> drained(rooms.size());
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        runtime::asio::co_spawn(shards.at(i), rooms[i]->drain(window),
                                [&done = drained[i]](std::exception_ptr) { done.set_value(); });
    }
    for (auto& each : drained) each.get_future().wait();
}

result<std::unique_ptr<http::listener>> open_listener(runtime::shards& shards, const config::listen_address& address,
                                                      http::listener_settings settings, std::vector<http::site> sites) {
    const auto endpoint = http::parse_endpoint(config::to_string(address));
    return http::listener::open(shards, *endpoint, std::move(settings), std::move(sites));
}

std::string cannot_listen(const config::listen_address& address, const boost::system::error_code& why) {
    return "cannot listen on " + config::to_string(address) + ": " + why.message();
}

}  // namespace

int serve(const serve_options& options) {
    std::optional<session::key_ring> keys;
    if (!options.key_file.empty()) {
        auto loaded = session::load_key_file(options.key_file, session::missing_key_file::is_an_error);
        if (!loaded) return refuse_to_start(loaded.error());
        keys = *std::move(loaded);
    }
    const auto settings = to_settings(options, std::move(keys));
    const redis_schema schema{options.redis_prefix};
    const auto redis = to_redis_url(options);
    const auto node = random_text(node_name_bytes);
    raise_descriptor_limit(options.max_sockets);

    obs::metrics metrics;
    obs::add_process_metrics(metrics, "notify-service");
    const obs::request_observer requests{metrics};
    push_metrics counts{metrics};
    obs::health health;
    auto& accepting = health.add("accepting");
    socket_quota quota{{options.max_sockets, options.sockets_per_user, options.sockets_per_network}};

    runtime::shards shards{options.threads};
    std::vector<std::unique_ptr<ops::access_log>> watches;
    std::vector<std::unique_ptr<push_shard>> rooms;
    std::vector<http::site> sites;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        rooms.push_back(std::make_unique<push_shard>(
            shards.at(i), i, push_shard::process{settings, schema, redis, node, quota, counts, health}));
        watches.push_back(std::make_unique<ops::access_log>(shards.at(i), metrics, requests));
        sites.push_back({rooms.back()->service(), *watches.back()});
    }
    add_shard_gauges(metrics, rooms);

    http::listener_settings public_settings;
    public_settings.proxies = to_proxies(options.proxies);
    if (settings.origins.canonical().https) public_settings.extra_head = http::strict_transport;
    auto public_listener = open_listener(shards, options.listen, std::move(public_settings), std::move(sites));
    if (!public_listener) return refuse_to_start(cannot_listen(options.listen, public_listener.error()));

    ops::ops_service ops_endpoints{health, metrics};
    ops::silent_observer silent;
    std::unique_ptr<http::listener> ops_listener;
    if (options.ops_listen) {
        auto listening = open_listener(shards, options.ops_listen, {}, {{ops_endpoints, silent}});
        if (!listening) return refuse_to_start(cannot_listen(options.ops_listen, listening.error()));
        ops_listener = *std::move(listening);
    }

    for (auto& room : rooms) room->start();
    shards.start();
    accepting.ok();
    obs::log::info("serving", {{"version", STAGEDOOR_VERSION},
                               {"listen", config::to_string(options.listen)},
                               {"origin", settings.origins.canonical().text},
                               {"node", node},
                               {"keys", settings.keys.has_value()}});

    const int signal = runtime::wait_for_stop_signal();
    obs::log::info("stopping", {{"signal", signal}, {"sockets", quota.taken()}});
    accepting.fail("draining");
    (*public_listener)->begin_drain();
    drain(shards, rooms, options.drain);
    (*public_listener)->wait_drained(steady_clock::now() + requests_end_time);
    if (ops_listener) {
        ops_listener->begin_drain();
        ops_listener->wait_drained(steady_clock::now());
    }
    shards.stop();
    shards.join();
    obs::log::info("stopped");
    return 0;
}

}  // namespace stagedoor::notify
