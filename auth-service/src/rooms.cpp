#include "auth-service/src/rooms.hpp"

namespace stagedoor {
namespace {

// How often readiness looks at the links to Redis: an operator who has set something right sees it soon.
constexpr auto health_interval = std::chrono::milliseconds{250};

allowed_origins to_origins(const std::vector<std::string>& texts) {
    std::vector<origin> origins;
    for (const auto& text : texts) origins.push_back(*parse_origin(text));
    return allowed_origins{std::move(origins)};
}

redis::url to_redis_url(const serve_options& o) {
    auto url = *redis::parse_url(o.redis_url);
    if (!o.redis_password.reveal().empty()) url.password = o.redis_password.reveal();
    return url;
}

}  // namespace

settings::settings(const serve_options& o, session::key_ring ring)
    : keys{std::move(ring)},
      origins{to_origins(o.allowed_origins)},
      cookie{origins.canonical().https, origins.canonical().port, o.cookie_domain},
      schema{o.redis_prefix},
      redis_url{to_redis_url(o)},
      files{o.notify_url},
      timeouts{o.timeouts},
      sessions_per_user{o.sessions_per_user},
      session_cache{o.session_cache / o.threads} {}

shard_rooms::shard_rooms(runtime::executor shard, const settings& s, database& db, user::password_hasher& hasher,
                         approval::relay& relay, const session::redis_trust& trust, session::own_writes& writes,
                         obs::health::condition& redis_condition, obs::metrics& metrics,
                         const obs::request_observer& requests)
    : tasks{shard},
      link{shard, s.redis_url, "auth"},
      sessions_in_redis{link, s.schema},
      sessions{s.keys,   s.cookie, s.timeouts, s.sessions_per_user, remembering(shard, s, trust, writes),
               db.ledger, db.users},
      endings{s.keys, s.cookie, s.timeouts, sessions_in_redis, db.ledger, db.users, relay},
      accounts{db.users, hasher, tasks},
      approvals{db.approvals, relay},
      context{accounts, db.users, sessions, endings, approvals, relay, s.cookie, s.timeouts, s.files},
      router{api::endpoints(), context},
      guarded{router, s.origins},
      watches{metrics, requests},
      redis_condition_{redis_condition} {
    link.on_up([this] { report_health(); });
    link.on_down([this] { report_health(); });
}

session::session_store& shard_rooms::remembering(runtime::executor shard, const settings& s,
                                                 const session::redis_trust& trust, session::own_writes& writes) {
    if (s.session_cache == 0) return sessions_in_redis;
    return session_cache.emplace(shard, s.redis_url, link, s.schema, sessions_in_redis, trust, writes,
                                 s.session_cache);
}

void shard_rooms::report_health() {
    if (stopping_) return;
    const auto health = link.health();
    health ? redis_condition_.ok() : redis_condition_.fail(health.error());
}

runtime::task<void> shard_rooms::watch_health() {
    while (!stopping_) {
        co_await runtime::sleep_for(health_interval);
        report_health();
    }
}

relay_rooms::relay_rooms(runtime::executor shard, const settings& s, database& db, session::own_writes& writes)
    : tasks{shard},
      link{shard, s.redis_url, "relay"},
      mailbox{link, s.schema},
      settled{mailbox, link, writes},
      fences{link, s.schema},
      relay{shard, db.outbox, settled, fences},
      keeper{shard, fences, db.outbox, relay, trust} {
    link.on_up([this] {
        relay.ring();
        keeper.on_up();
    });
    link.on_down([this] { keeper.on_down(); });
}

}  // namespace stagedoor
