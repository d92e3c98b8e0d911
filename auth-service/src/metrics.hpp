// The metrics of auth-service that are asked for rather than counted on the way.
#pragma once

#include <vector>

#include "auth-service/src/approval/fence_keeper.hpp"
#include "auth-service/src/approval/relay.hpp"
#include "auth-service/src/limits/limit_counters.hpp"
#include "auth-service/src/session/redis_session_cache.hpp"
#include "auth-service/src/session/session_node.hpp"
#include "auth-service/src/store/sqlite_store.hpp"
#include "auth-service/src/upkeep/purger.hpp"
#include "common/obs/metrics.hpp"
#include "common/runtime/cpu_pool.hpp"

namespace stagedoor {

// All outlive the registry's last render().
struct metric_sources {
    const approval::relay_counters& relay;
    const approval::fence_keeper& fence;
    const upkeep::purger& purger;
    const store::sqlite_store& database;
    const runtime::cpu_pool& hashing;
    const session::session_node& sessions;
    const rate_limit::limit_counters& limits;
};
void add_auth_metrics(obs::metrics& metrics, metric_sources from);

// Of all shards together; none when there is no cache.
void add_session_cache_metrics(obs::metrics& metrics, std::vector<const session::redis_session_cache*> caches);

}  // namespace stagedoor
