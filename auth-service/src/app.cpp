#include "auth-service/src/app.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <vector>

#include "auth-service/src/metrics.hpp"
#include "auth-service/src/rooms.hpp"
#include "common/http/listener.hpp"
#include "common/ops/ops_service.hpp"
#include "common/runtime/descriptors.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/stop_signals.hpp"
#include "common/session/key_file.hpp"

namespace stagedoor {
namespace {

using std::chrono::steady_clock;

// Descriptors that are no browsers' connections: database, Redis, ops port, log, and some to spare.
constexpr std::size_t other_descriptors = 128;

// How long the shards' own tasks may take to end after the last request.
constexpr auto tasks_end_time = std::chrono::seconds{2};

http::trusted_proxies to_proxies(const std::vector<std::string>& texts) {
    std::vector<http::network> networks;
    for (const auto& text : texts) networks.push_back(*http::network::parse(text));
    return http::trusted_proxies{std::move(networks)};
}

// Runs `work` on the shard and waits for it.
template <class Work>
void run_on(runtime::executor shard, Work work) {
    std::promise<void> done;
    runtime::asio::post(shard, [&] {
        work();
        done.set_value();
    });
    done.get_future().wait();
}

void join_tasks(runtime::executor shard, runtime::task_group& tasks) {
    std::promise<void> joined;
    runtime::asio::co_spawn(shard, tasks.join(steady_clock::now() + tasks_end_time), [&](std::exception_ptr, bool all) {
        if (!all) spdlog::warn("some tasks did not end in time");
        joined.set_value();
    });
    joined.get_future().wait();
}

int refuse_to_start(std::string_view why) {
    spdlog::critical("cannot start: {}", why);
    return 1;
}

std::string describe(const config::listen_address& address) { return config::to_string(address); }

http::tcp::endpoint to_endpoint(const config::listen_address& address) {
    return *http::parse_endpoint(config::to_string(address));
}

}  // namespace

int serve(const serve_options& options) {
    auto keys = session::load_key_file(options.session_key_file, session::missing_key_file::is_made);
    if (!keys) return refuse_to_start(keys.error());
    auto opened = store::sqlite_store::open(sqlite_path(options.database_url));
    if (!opened) return refuse_to_start(opened.error().message);
    const settings shared{options, std::move(*keys)};
    database db{**opened};

    obs::metrics metrics;
    obs::add_process_metrics(metrics, "auth-service");
    const obs::request_observer requests{metrics};
    obs::health health;
    auto& accepting = health.add("accepting");

    runtime::shards shards{options.threads};
    runtime::cpu_pool hashing{options.hash_threads, options.hash_threads * limits::password_queue,
                              {.longest_wait = limits::password_queue_time,
                               .relief_after = limits::password_relief_time,
                               .relief_niceness = limits::password_relief_niceness}};
    user::password_hasher hasher{hashing};
    session::session_node session_state;
    limit_counts limited;
    admin_node admins{options.limits.token};
    relay_rooms relaying{shards.at(0), shared, db, session_state, health.add("sessions"),
                         health.add("fence")};
    std::vector<std::unique_ptr<shard_rooms>> rooms;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        rooms.push_back(std::make_unique<shard_rooms>(shards.at(i), shared, db, session_state, hasher, relaying.relay,
                                                      health.add("redis"), metrics, requests, limited,
                                                      admins, health));
    }
    admin_rooms housekeeping{shards.at(0), shared, db, admins, relaying.link};
    add_auth_metrics(metrics, {relaying.relay.counters(), relaying.keeper, relaying.purger, **opened, hashing, session_state,
                               limited.counters});
    std::vector<const session::redis_session_cache*> caches;
    for (const auto& each : rooms) {
        if (each->session_cache) caches.push_back(&*each->session_cache);
    }
    add_session_cache_metrics(metrics, std::move(caches));

    std::vector<http::site> sites;
    for (auto& each : rooms) sites.push_back({each->guarded, each->watches});
    http::listener_settings public_settings;
    const auto descriptors = runtime::raise_descriptor_limit();
    public_settings.max_connections =
        std::min(limits::http_connections,
                 descriptors > 2 * other_descriptors ? descriptors - other_descriptors : descriptors / 2);
    public_settings.max_per_network =
        std::min(http::connections_per_network, public_settings.max_connections / 2);
    public_settings.large_body_bytes = limits::bulk_body_bytes;
    public_settings.proxies = to_proxies(options.trusted_proxies);
    // What an answer lets another origin read depends on who asks (CORS), whichever answer it is.
    public_settings.extra_head = "Vary: Origin\r\n";
    if (shared.origins.canonical().https) public_settings.extra_head += http::strict_transport;
    auto public_listener =
        http::listener::open(shards, to_endpoint(options.listen), std::move(public_settings), std::move(sites));
    if (!public_listener) {
        return refuse_to_start("cannot listen on " + describe(options.listen) + ": " +
                               public_listener.error().message());
    }

    ops::ops_service ops_endpoints{health, metrics};
    ops::silent_observer silent;
    std::unique_ptr<http::listener> ops_listener;
    if (options.ops_listen) {
        auto listening = http::listener::open(shards, to_endpoint(options.ops_listen), {}, {{ops_endpoints, silent}});
        if (!listening) {
            return refuse_to_start("cannot listen on " + describe(options.ops_listen) + ": " +
                                   listening.error().message());
        }
        ops_listener = std::move(*listening);
    }

    auto watch = (*opened)->watch([&relay = relaying.relay](const result<void>& seen) {
        if (!seen) spdlog::warn("database: watching for changes fails: {}", seen.error().message());
        relay.ring();
    });
    if (!watch) return refuse_to_start("cannot watch the database: " + watch.error().message());

    relaying.start();
    for (auto& each : rooms) each->start();
    housekeeping.start();
    shards.start();
    accepting.ok();
    spdlog::info("auth-service {} serves {} as {}", STAGEDOOR_VERSION, describe(options.listen),
                 shared.origins.canonical().text);

    const int signal = runtime::wait_for_stop_signal();
    spdlog::info("stopping on signal {}: no new connections, {} open", signal, (*public_listener)->connections());
    accepting.fail("stopping");
    const auto deadline = steady_clock::now() + options.drain_time;
    (*public_listener)->begin_drain();
    if (!(*public_listener)->wait_drained(deadline)) spdlog::warn("some connections were cut off");
    hashing.stop();  // whoever still waits for a password to be hashed is told so

    run_on(shards.at(0), [&] { housekeeping.stop(); });
    join_tasks(shards.at(0), housekeeping.tasks);
    watch->reset();
    run_on(shards.at(0), [&] { relaying.stop(); });
    join_tasks(shards.at(0), relaying.tasks);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        run_on(shards.at(i), [&] { rooms[i]->stop(); });
        join_tasks(shards.at(i), rooms[i]->tasks);
    }
    if (ops_listener) {
        ops_listener->begin_drain();
        ops_listener->wait_drained(steady_clock::now());
    }
    (*opened)->stop();
    shards.stop();
    shards.join();
    spdlog::info("auth-service has stopped");
    return 0;
}

}  // namespace stagedoor
