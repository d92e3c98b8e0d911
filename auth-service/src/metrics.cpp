#include "auth-service/src/metrics.hpp"

#include <atomic>
#include <functional>
#include <string_view>
#include <vector>

namespace stagedoor {
namespace {

// A counter that is kept elsewhere, as the registry's counters only ever rise.
void mirror(obs::metrics& metrics, std::string_view name, std::string_view help,
            std::function<std::uint64_t()> source) {
    auto& shown = metrics.counter(name, help);
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
    show(metrics, "stagedoor_relay_backlog_rows", "Outbox rows that wait for Redis, as of the last scan.",
         [&relay] { return static_cast<double>(relay.backlog.load()); });

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
}

}  // namespace stagedoor
