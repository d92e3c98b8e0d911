// What auth-service is made of: the settings that all share, the database behind its ports, and the rooms that live on
// a shard, in the order of who stands on whom. app.cpp makes them and says when they start and end.
#pragma once

#include <atomic>
#include <optional>

#include "auth-service/src/admin/redis_denial_news.hpp"
#include "auth-service/src/approval/fence_keeper.hpp"
#include "auth-service/src/approval/redis_fence_store.hpp"
#include "auth-service/src/approval/redis_mailbox.hpp"
#include "auth-service/src/approval/redis_settled_mailbox.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/events/event_service.hpp"
#include "auth-service/src/events/redis_receipts_reader.hpp"
#include "auth-service/src/http/denial_watch.hpp"
#include "auth-service/src/http/endpoints.hpp"
#include "auth-service/src/http/guard.hpp"
#include "auth-service/src/limits/redis_limiter.hpp"
#include "auth-service/src/options.hpp"
#include "auth-service/src/session/redis_session_cache.hpp"
#include "auth-service/src/session/redis_session_store.hpp"
#include "auth-service/src/session/session_endings.hpp"
#include "auth-service/src/store/sqlite_answer_store.hpp"
#include "auth-service/src/store/sqlite_approval_store.hpp"
#include "auth-service/src/store/sqlite_audit_store.hpp"
#include "auth-service/src/store/sqlite_event_records.hpp"
#include "auth-service/src/store/sqlite_outbox.hpp"
#include "auth-service/src/store/sqlite_purge_store.hpp"
#include "auth-service/src/store/sqlite_session_ledger.hpp"
#include "auth-service/src/store/sqlite_token_store.hpp"
#include "auth-service/src/store/sqlite_user_store.hpp"
#include "auth-service/src/upkeep/purger.hpp"
#include "common/obs/health.hpp"
#include "common/ops/access_log.hpp"
#include "common/redis/url.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor {

// The database, behind its ports. Serves all shards.
struct database {
    explicit database(store::sqlite_store& opened)
        : users{opened}, ledger{opened}, approvals{opened}, outbox{opened},
          audit{opened}, tokens{opened}, answers{opened}, purge{opened}, events{opened} {}

    store::sqlite_user_store users;
    store::sqlite_session_ledger ledger;
    store::sqlite_approval_store approvals;
    store::sqlite_outbox outbox;
    store::sqlite_audit_store audit;
    store::sqlite_token_store tokens;
    store::sqlite_answer_store answers;
    store::sqlite_purge_store purge;
    store::sqlite_event_records events;
};

// What all shards share and nobody changes.
struct settings {
    // The options have been checked one by one before.
    settings(const serve_options& o, session::key_ring ring);

    const session::key_ring keys;
    const allowed_origins origins;
    const session_cookie cookie;
    const std::string clear_site_data;
    const rate_limit::device_cookie devices;
    const rate_limit::rates limits;
    const redis_schema schema;
    const redis::url redis_url;
    const api::page_files files;
    const session::timeouts timeouts;
    const std::size_t sessions_per_user;
    const std::chrono::milliseconds outbox_retention;
    const std::size_t session_cache;  // bytes of each shard; 0: off
};

// What the shards of one process count together while Redis is away, and what they have done.
struct limit_counts {
    rate_limit::local_limiter local;
    rate_limit::limit_counters counters;
};

// What the shards know together of admins' calls.
struct admin_node {
    explicit admin_node(rate bad_tokens) : tokens{bad_tokens} {}

    admin::denial_log denials;
    admin::keys_to_free unfreed;
    admin::token_node tokens;
    std::atomic<std::size_t> bulk_calls{0};
};

// Everything that lives on one shard, in the order of who stands on whom.
struct shard_rooms {
    shard_rooms(runtime::executor shard, const settings& s, database& db, session::session_node& node,
                user::password_hasher& hasher, approval::relay& relay, obs::health::condition& redis_condition,
                obs::metrics& metrics, const obs::request_observer& requests, limit_counts& counts, admin_node& admins,
                const obs::health& health);

    void start() {
        link.start(tasks);
        if (session_cache) session_cache->start(tasks);
        tasks.spawn("health", watch_health());
    }
    void stop() {
        stopping_ = true;
        if (session_cache) session_cache->stop();
        link.stop();
    }

    runtime::task_group tasks;
    redis::link link;
    session::redis_session_store sessions_in_redis;
    std::optional<session::redis_session_cache> session_cache;  // may be missing: see --session-cache
    session::session_service sessions;
    session::session_endings endings;
    user::account_service accounts;
    rate_limit::redis_limiter counts_in_redis;
    rate_limit::gatekeeper gate;
    approval::approval_service approvals;
    events::redis_receipts_reader receipts;
    events::event_service events;
    admin::token_service tokens;
    api::context context;
    http::router<api::context> router;
    api::guarded_service guarded;
    ops::access_log logs;
    api::denial_watch watches;

private:
    session::session_store& remembering(runtime::executor shard, const settings& s, session::session_node& node);
    void report_health();
    runtime::task<void> watch_health();

    obs::health::condition& redis_condition_;
    const std::chrono::steady_clock::time_point born_ = std::chrono::steady_clock::now();
    bool stopping_ = false;
};

// The relay, the keeper of the fence and their link, and who purges what they have done with; on the first shard.
struct relay_rooms {
    relay_rooms(runtime::executor shard, const settings& s, database& db, session::session_node& node,
                obs::health::condition& sessions_condition, obs::health::condition& whole);

    void start() {
        link.start(tasks);
        tasks.spawn("relay", relay.run());
        tasks.spawn("relay marker", relay.run_marker());
        tasks.spawn("fence keeper", keeper.run());
        tasks.spawn("purger", purger.run());
        tasks.spawn("who answers checks", watch_trust());
    }
    void stop() {
        stopping_ = true;
        purger.stop();
        keeper.stop();
        relay.stop();
        link.stop();
    }

    runtime::task_group tasks;
    redis::link link;
    approval::redis_mailbox mailbox;
    approval::redis_settled_mailbox settled;
    approval::redis_fence_store fences;
    approval::relay relay;
    approval::fence_keeper keeper;
    upkeep::purger purger;

private:
    runtime::task<void> watch_trust();

    const session::session_node& node_;
    obs::health::condition& sessions_condition_;
    bool stopping_ = false;
};

// What is done for the admin API now and then, whoever calls it; on the first shard.
struct admin_rooms {
    // `consoles`: the link over which they hear of it.
    admin_rooms(runtime::executor shard, const settings& s, database& db, admin_node& admins, redis::link& consoles)
        : tasks{shard}, db_{db}, admins_{admins}, news_{consoles, s.schema} {}

    void start() { tasks.spawn("admin housekeeping", keep_house()); }
    // The refused calls that were not written yet are, before the tasks have ended.
    void stop() { stopping_ = true; }

    runtime::task_group tasks;

private:
    runtime::task<void> keep_house();
    runtime::task<void> write_denials(std::vector<admin::denial_sum> sums);
    runtime::task<void> free_keys();

    database& db_;
    admin_node& admins_;
    admin::redis_denial_news news_;
    std::vector<admin::denial_sum> unwritten_;
    bool stopping_ = false;
};

}  // namespace stagedoor
