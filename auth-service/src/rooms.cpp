#include "auth-service/src/rooms.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "common/runtime/event.hpp"

namespace stagedoor {
namespace {

// How often readiness looks at the links to Redis: an operator who has set something right sees it soon.
constexpr auto health_interval = std::chrono::milliseconds{250};

// How soon a refused call is in the audit log, and how often kept answers whose time has passed are dropped.
constexpr auto denial_interval = std::chrono::milliseconds{250};
constexpr auto answer_purge_interval = std::chrono::minutes{10};

// A start waits so long for Redis before it takes traffic without it.
constexpr auto start_without_redis = std::chrono::seconds{2};

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
      clear_site_data{o.clear_site_data},
      devices{keys, origins.canonical().https, origins.canonical().port},
      limits{o.limits},
      schema{o.redis_prefix},
      redis_url{to_redis_url(o)},
      files{o.notify_url},
      timeouts{o.timeouts},
      sessions_per_user{o.sessions_per_user},
      outbox_retention{o.outbox_retention},
      session_cache{o.session_cache / o.threads} {}

shard_rooms::shard_rooms(runtime::executor shard, const settings& s, database& db, session::session_node& node,
                         user::password_hasher& hasher, approval::relay& relay,
                         obs::health::condition& redis_condition, obs::metrics& metrics,
                         const obs::request_observer& requests, limit_counts& counts, admin_node& admins,
                         const obs::health& health)
    : tasks{shard},
      link{shard, s.redis_url, "auth"},
      sessions_in_redis{link, s.schema, node.trust},
      sessions{s.keys,   s.cookie, s.timeouts, s.sessions_per_user, remembering(shard, s, node),
               db.ledger, db.users, node},
      endings{s.keys, s.cookie, s.timeouts, sessions_in_redis, db.ledger, db.users, relay},
      accounts{db.users, hasher, tasks},
      counts_in_redis{shard, link, s.schema, counts.local, counts.counters, tasks},
      gate{s.keys, s.devices, s.limits, counts_in_redis, counts.counters},
      approvals{db.approvals, relay, tasks, admins.bulk_calls},
      receipts{link, s.schema},
      events{db.events, receipts},
      tokens{db.tokens, admins.tokens, counts.counters},
      context{accounts, gate,     db.users,   sessions, endings,    approvals, tokens,
              db.audit, db.answers, admins.unfreed, relay, events, s.cookie, s.clear_site_data, s.timeouts, s.files, {s.origins, health}},
      router{api::endpoints(), context},
      guarded{router, s.origins},
      logs{shard, metrics, requests},
      watches{logs, admins.denials},
      redis_condition_{redis_condition} {
    link.on_up([this] { report_health(); });
    link.on_down([this] { report_health(); });
}

session::session_store& shard_rooms::remembering(runtime::executor shard, const settings& s,
                                                 session::session_node& node) {
    if (s.session_cache == 0) return sessions_in_redis;
    return session_cache.emplace(shard, s.redis_url, link, s.schema, sessions_in_redis, node.trust, node.writes,
                                 s.session_cache);
}

void shard_rooms::report_health() {
    if (stopping_) return;
    const auto health = link.health();
    if (health) return redis_condition_.ok();
    // A Redis that is away is no reason to send people elsewhere: the ledger answers (K10). An unfit one is (R8).
    const bool away = !link.connected();
    const bool starting = std::chrono::steady_clock::now() - born_ < start_without_redis;
    if (away && !(starting && link.up_since() == std::chrono::steady_clock::time_point{})) {
        redis_condition_.degraded(health.error());
    } else {
        redis_condition_.fail(health.error());
    }
}

runtime::task<void> shard_rooms::watch_health() {
    while (!stopping_) {
        co_await runtime::sleep_for(health_interval);
        report_health();
    }
}

relay_rooms::relay_rooms(runtime::executor shard, const settings& s, database& db, session::session_node& node,
                         obs::health::condition& sessions_condition, obs::health::condition& whole)
    : tasks{shard},
      link{shard, s.redis_url, "relay"},
      mailbox{link, s.schema},
      settled{mailbox, link, node.writes},
      fences{link, s.schema},
      relay{shard, db.outbox, settled, fences},
      keeper{shard, fences, db.outbox,  settled,
             relay, node.trust, [&whole](std::string_view why) { why.empty() ? whole.ok() : whole.fail(why); }},
      purger{shard, db.purge, s.outbox_retention},
      node_{node},
      sessions_condition_{sessions_condition} {
    whole.ok();  // until it is known otherwise: Redis may be away at the start
    link.on_up([this] {
        relay.ring();
        keeper.on_up();
    });
    link.on_down([this] { keeper.on_down(); });
}

// Says once when the ledger begins to answer in the place of Redis, and once when it ends.
runtime::task<void> relay_rooms::watch_trust() {
    const auto born = std::chrono::steady_clock::now();
    bool held = false;
    bool ledger_answers = false;
    std::uint64_t answered = 0;
    while (!stopping_) {
        const bool holds = node_.trust.holds();
        const bool starting = !held && std::chrono::steady_clock::now() - born < start_without_redis;
        if (holds) {
            held = true;
            sessions_condition_.ok();
            if (std::exchange(ledger_answers, false)) {
                spdlog::info("sessions: Redis is believed again; the ledger has answered {} checks meanwhile",
                             node_.ledger.answers() - answered);
            }
        } else if (!starting) {
            sessions_condition_.degraded("Redis is away, takes no writes or is not up to date: the ledger answers checks");
            if (!std::exchange(ledger_answers, true)) answered = node_.ledger.answers();
        }
        co_await runtime::sleep_for(health_interval);
    }
}

runtime::task<void> admin_rooms::free_keys() {
    const auto owed = admins_.unfreed.take(std::chrono::steady_clock::now());
    bool taken = true;
    for (const auto& each : owed) {
        // One that fails is enough to know that the rest would.
        if (taken) {
            const auto forgotten = co_await db_.answers.forget(each.key);
            taken = forgotten.has_value();
        }
        if (!taken) admins_.unfreed.note(each);
    }
}

runtime::task<void> admin_rooms::write_denials(std::vector<admin::denial_sum> sums) {
    for (auto& each : unwritten_) sums.push_back(std::move(each));
    unwritten_.clear();
    if (sums.empty()) co_return;
    const auto written = co_await db_.audit.add_denials(sums);
    if (written) {
        std::int64_t calls = 0;
        for (const auto& each : sums) calls += each.count;
        const auto newest = std::ranges::max(sums, {}, [](const auto& each) { return each.last.at; }).last.at;
        const auto told = co_await news_.tell(calls, newest);
        // Whoever looks at the log sees it with the next thing that happens.
        if (!told) spdlog::debug("consoles do not hear of refused calls: {}", told.error().message());
    } else if (sums.size() <= 2 * limits::denial_kinds) {
        unwritten_ = std::move(sums);  // the database is away or busy: no more than one window's sums wait for it
    }
}

runtime::task<void> admin_rooms::keep_house() {
    auto next_purge = std::chrono::steady_clock::now();
    while (!stopping_) {
        const auto now = std::chrono::steady_clock::now();
        auto due = admins_.denials.take(now);
        co_await write_denials(std::move(due));
        co_await free_keys();
        if (now >= next_purge) {
            next_purge = now + answer_purge_interval;
            const auto purged = co_await db_.answers.purge();
            if (!purged) spdlog::warn("old answers could not be dropped: {}", purged.error().message());
        }
        co_await runtime::sleep_for(denial_interval);
    }
    auto rest = admins_.denials.take_all();
    co_await write_denials(std::move(rest));
    co_await free_keys();
}

}  // namespace stagedoor
