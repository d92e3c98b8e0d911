#include "auth-service/src/metrics.hpp"

#include <algorithm>
#include <atomic>
#include <functional>
#include <string_view>
#include <vector>

namespace stagedoor {
namespace {

// A counter that is kept elsewhere, as the registry's counters only ever rise.
void mirror(obs::metrics& metrics, std::string_view name, std::string_view help,
            std::function<std::uint64_t()> source, const obs::labels& with = {}) {
    auto& shown = metrics.counter(name, help, with);
    metrics.before_render([&shown, source = std::move(source)] {
        const auto now = source();
        if (now > shown.value()) shown.add(now - shown.value());
    });
}

void show(obs::metrics& metrics, std::string_view name, std::string_view help, std::function<double()> source) {
    auto& shown = metrics.gauge(name, help);
    metrics.before_render([&shown, source = std::move(source)] { shown.set(source()); });
}

}  // namespace

void add_auth_metrics(obs::metrics& metrics, metric_sources from) {
    const auto& relay = from.relay;
    mirror(metrics, "stagedoor_relay_rows_total", "Outbox rows that Redis has taken.",
           [&relay] { return relay.relayed.load(); });
    mirror(metrics, "stagedoor_relay_failures_total", "Outbox rows that Redis did not take at an attempt.",
           [&relay] { return relay.failed.load(); });
    mirror(metrics, "stagedoor_relay_gaps_total", "Streams that lacked the predecessor of an event.",
           [&relay] { return relay.gaps.load(); });
    mirror(metrics, "stagedoor_relay_rebases_total", "Streams that were begun anew because the outbox was purged.",
           [&relay] { return relay.rebases.load(); });
    show(metrics, "stagedoor_relay_lag_seconds", "Age of the oldest outbox row that waits for Redis; 0: none does.",
         [&relay] {
             const auto since = relay.waiting_since_ms.load();
             return since == 0 ? 0.0 : std::max(0.0, static_cast<double>(to_unix_ms(system_now()) - since) / 1000);
         });
    show(metrics, "stagedoor_relay_backlog_rows", "Outbox rows that wait for Redis, as of the last scan.",
         [&relay] { return static_cast<double>(relay.backlog.load()); });

    mirror(metrics, "stagedoor_relay_parked_rows_total", "Outbox rows that Redis refuses and that are left out.",
           [&relay] { return relay.parked.load(); });

    const auto& fence = from.fence.counts();
    const auto& replays = from.fence.replay_counts();
    mirror(metrics, "stagedoor_fence_replays_total", "Replays that this node has opened because Redis lacked data.",
           [&fence] { return fence.replays.load(); });
    mirror(metrics, "stagedoor_fence_replayed_rows_total", "Outbox rows that replays have gone through.",
           [&replays] { return replays.rows.load(); });
    mirror(metrics, "stagedoor_fence_replayed_ends_total", "Ended sessions that replays have looked for.",
           [&replays] { return replays.ends.load(); });
    show(metrics, "stagedoor_fence_whole", "1 while Redis has everything, 0 while it is away or replayed.",
         [&fence] { return fence.whole.load() ? 1.0 : 0.0; });
    show(metrics, "stagedoor_fence_written_seconds", "Unix time of the last write of the fence that Redis took.",
         [&fence] { return static_cast<double>(fence.written_at_ms.load()) / 1000; });

    const auto& purged = from.purger.counts();
    constexpr auto purges = "stagedoor_purged_rows_total";
    constexpr auto purges_help = "Rows that this node has deleted from the database, by table.";
    mirror(metrics, purges, purges_help, [&purged] { return purged.outbox_rows.load(); }, {{"table", "outbox"}});
    mirror(metrics, purges, purges_help, [&purged] { return purged.sessions.load(); }, {{"table", "sessions"}});
    show(metrics, "stagedoor_outbox_oldest_row_seconds", "Unix time of the oldest row of the outbox; 0: it is empty.",
         [&purged] { return static_cast<double>(purged.oldest_row_ms.load()) / 1000; });

    const auto& node = from.sessions;
    show(metrics, "stagedoor_redis_trusted", "1 while Redis is believed about sessions; else the ledger answers.",
         [&node] { return node.trust.holds() ? 1.0 : 0.0; });
    const auto by_reason = [&](std::string_view name, std::string_view help, const char* reason,
                               const std::atomic<std::uint64_t>& source) {
        mirror(metrics, name, help, [&source] { return source.load(); }, {{"reason", reason}});
    };
    constexpr auto answers = "stagedoor_session_ledger_answers_total";
    constexpr auto answers_help = "Session checks that the ledger answered, by why Redis did not.";
    by_reason(answers, answers_help, "untrusted", node.ledger.untrusted);
    by_reason(answers, answers_help, "no_reply", node.ledger.no_reply);
    constexpr auto refusals = "stagedoor_session_ledger_refusals_total";
    constexpr auto refusals_help = "Session checks that needed the ledger and did not get it, by why.";
    by_reason(refusals, refusals_help, "overloaded", node.ledger.overloaded);
    by_reason(refusals, refusals_help, "unavailable", node.ledger.unavailable);

    const auto& database = from.database;
    mirror(metrics, "stagedoor_database_jobs_total", "Changes that the database's writer was given.",
           [&database] { return database.writer_statistics().jobs; });
    mirror(metrics, "stagedoor_database_commits_total", "Transactions committed; one holds many changes.",
           [&database] { return database.writer_statistics().commits; });
    mirror(metrics, "stagedoor_database_failed_commits_total", "Transactions that were lost whole.",
           [&database] { return database.writer_statistics().failed_commits; });
    show(metrics, "stagedoor_database_waiting_jobs", "Changes that wait for the writer.",
         [&database] { return static_cast<double>(database.writer_statistics().waiting); });

    const auto& hashing = from.hashing;
    show(metrics, "stagedoor_password_jobs_waiting", "Sign-ins and registrations that wait for a hashing thread.",
         [&hashing] { return static_cast<double>(hashing.waiting()); });
    mirror(metrics, "stagedoor_password_jobs_relieved_total",
           "Passwords hashed by batch threads, since the hashing threads got no core.",
           [&hashing] { return hashing.relieved(); });

    const auto& limits = from.limits;
    for (const auto& row : rate_limit::kinds) {
        const auto& refused = limits.refused[static_cast<std::size_t>(row.what)];
        mirror(metrics, "stagedoor_rate_limited_total", "Requests refused by a rate limit.",
               [&refused] { return refused.load(); }, {{"limit", std::string{row.name}}});
    }
    mirror(metrics, "stagedoor_rate_limit_local_decisions_total", "Decisions of this node alone, without Redis.",
           [&limits] { return limits.local.load(); });
}

void add_session_cache_metrics(obs::metrics& metrics, std::vector<const session::redis_session_cache*> caches) {
    using session::cache_counters;
    using redis::tracking_counters;
    const auto sum = [caches](std::atomic<std::uint64_t> cache_counters::*what) {
        return [caches, what] {
            std::uint64_t total = 0;
            for (const auto* each : caches) total += (each->counters().*what).load(std::memory_order_relaxed);
            return total;
        };
    };
    const auto sum_tracking = [caches](std::atomic<std::uint64_t> tracking_counters::*what) {
        return [caches, what] {
            std::uint64_t total = 0;
            for (const auto* each : caches) total += (each->tracking().*what).load(std::memory_order_relaxed);
            return total;
        };
    };
    mirror(metrics, "stagedoor_session_cache_hits_total", "Checks that found their session remembered.",
           sum(&cache_counters::hits));
    mirror(metrics, "stagedoor_session_cache_misses_total", "Sessions that were read from Redis.",
           sum(&cache_counters::misses));
    mirror(metrics, "stagedoor_session_cache_evictions_total", "Sessions forgotten for want of room.",
           sum(&cache_counters::evictions));
    mirror(metrics, "stagedoor_session_cache_invalidations_total", "Keys that Redis said had changed.",
           sum_tracking(&tracking_counters::invalidations));
    mirror(metrics, "stagedoor_session_cache_lease_losses_total",
           "Times that a shard stopped answering from memory, because it could not be sure to hear of changes.",
           sum_tracking(&tracking_counters::lease_losses));
    show(metrics, "stagedoor_session_cache_entries", "Sessions remembered.", sum(&cache_counters::entries));
    show(metrics, "stagedoor_session_cache_bytes", "Memory of what is remembered, an estimate.",
         sum(&cache_counters::bytes));
}

}  // namespace stagedoor
