#include "auth-service/src/app.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <optional>
#include <vector>

#include "auth-service/src/approval/redis_mailbox.hpp"
#include "auth-service/src/http/endpoints.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/metrics.hpp"
#include "auth-service/src/session/redis_session_store.hpp"
#include "auth-service/src/store/sqlite_approval_store.hpp"
#include "auth-service/src/store/sqlite_outbox.hpp"
#include "auth-service/src/store/sqlite_session_ledger.hpp"
#include "auth-service/src/store/sqlite_user_store.hpp"
#include "common/http/listener.hpp"
#include "common/ops/access_log.hpp"
#include "common/ops/ops_service.hpp"
#include "common/redis/url.hpp"
#include "common/runtime/shards.hpp"
#include "common/runtime/stop_signals.hpp"
#include "common/runtime/task_group.hpp"
#include "common/session/key_file.hpp"

namespace stagedoor {
namespace {

using std::chrono::steady_clock;

// How long the shards' own tasks may take to end after the last request.
constexpr auto tasks_end_time = std::chrono::seconds{2};

allowed_origins to_origins(const std::vector<std::string>& texts) {
    std::vector<origin> origins;
    for (const auto& text : texts) origins.push_back(*parse_origin(text));
    return allowed_origins{std::move(origins)};
}

http::trusted_proxies to_proxies(const std::vector<std::string>& texts) {
    std::vector<http::network> networks;
    for (const auto& text : texts) networks.push_back(*http::network::parse(text));
    return http::trusted_proxies{std::move(networks)};
}

redis::url to_redis_url(const serve_options& o) {
    auto url = *redis::parse_url(o.redis_url);
    if (!o.redis_password.reveal().empty()) url.password = o.redis_password.reveal();
    return url;
}

// A year, the least that browsers' preload lists take (ASVS 5.0 3.4.1).
constexpr std::string_view strict_transport = "Strict-Transport-Security: max-age=31536000\r\n";

// The database, behind its ports. Serves all shards.
struct database {
    explicit database(store::sqlite_store& opened)
        : users{opened}, ledger{opened}, approvals{opened}, outbox{opened} {}

    store::sqlite_user_store users;
    store::sqlite_session_ledger ledger;
    store::sqlite_approval_store approvals;
    store::sqlite_outbox outbox;
};

// What all shards share and nobody changes.
struct settings {
    explicit settings(const serve_options& o, session::key_ring ring)
        : keys{std::move(ring)},
          origins{to_origins(o.allowed_origins)},
          cookie{origins.canonical().https, origins.canonical().port},
          schema{o.redis_prefix},
          redis_url{to_redis_url(o)},
          files{o.notify_url},
          timeouts{o.timeouts} {}

    const session::key_ring keys;
    const allowed_origins origins;
    const session_cookie cookie;
    const redis_schema schema;
    const redis::url redis_url;
    const api::page_files files;
    const session::timeouts timeouts;
};

// Everything that lives on one shard, in the order of who stands on whom.
struct shard_rooms {
    shard_rooms(runtime::executor shard, const settings& s, database& db, user::password_hasher& hasher,
                approval::relay& relay, obs::health::condition& redis_condition, obs::metrics& metrics,
                const obs::request_observer& requests)
        : tasks{shard},
          link{shard, s.redis_url, "auth"},
          sessions_in_redis{link, s.schema},
          sessions{s.keys, s.cookie, s.timeouts, sessions_in_redis, db.ledger, db.users},
          accounts{db.users, hasher},
          approvals{db.approvals, relay},
          context{accounts, db.users, sessions, approvals, relay, s.cookie, s.timeouts, s.files},
          router{api::endpoints(), context},
          guarded{router, s.origins},
          watches{metrics, requests} {
        const auto report = [this, &redis_condition] {
            const auto health = link.health();
            health ? redis_condition.ok() : redis_condition.fail(health.error());
        };
        link.on_up(report);
        link.on_down(report);
    }

    runtime::task_group tasks;
    redis::link link;
    session::redis_session_store sessions_in_redis;
    session::session_service sessions;
    user::account_service accounts;
    approval::approval_service approvals;
    api::context context;
    http::router<api::context> router;
    api::guarded_service guarded;
    ops::access_log watches;
};

// The relay and its link; on the first shard.
struct relay_rooms {
    relay_rooms(runtime::executor shard, const settings& s, database& db)
        : tasks{shard}, link{shard, s.redis_url, "relay"}, mailbox{link, s.schema}, relay{shard, db.outbox, mailbox} {
        link.on_up([this] { relay.ring(); });
    }

    void start() {
        link.start(tasks);
        tasks.spawn("relay", relay.run());
        tasks.spawn("relay marker", relay.run_marker());
    }

    runtime::task_group tasks;
    redis::link link;
    approval::redis_mailbox mailbox;
    approval::relay relay;
};

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
    runtime::asio::co_spawn(shard, tasks.join(steady_clock::now() + tasks_end_time),
                            [&](std::exception_ptr, bool all) {
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

    runtime::cpu_pool hashing{options.hash_threads, options.hash_threads * limits::password_queue};
    user::password_hasher hasher{hashing};

    runtime::shards shards{options.threads};
    relay_rooms relaying{shards.at(0), shared, db};
    std::vector<std::unique_ptr<shard_rooms>> rooms;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        rooms.push_back(std::make_unique<shard_rooms>(shards.at(i), shared, db, hasher, relaying.relay,
                                                      health.add("redis"), metrics, requests));
    }
    add_auth_metrics(metrics, {relaying.relay.counters(), **opened, hashing});

    std::vector<http::site> sites;
    for (auto& each : rooms) sites.push_back({each->guarded, each->watches});
    http::listener_settings public_settings;
    public_settings.proxies = to_proxies(options.trusted_proxies);
    if (shared.origins.canonical().https) public_settings.extra_head = strict_transport;
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
    for (auto& each : rooms) each->link.start(each->tasks);
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

    watch->reset();
    run_on(shards.at(0), [&] {
        relaying.relay.stop();
        relaying.link.stop();
    });
    join_tasks(shards.at(0), relaying.tasks);
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        run_on(shards.at(i), [&] { rooms[i]->link.stop(); });
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
