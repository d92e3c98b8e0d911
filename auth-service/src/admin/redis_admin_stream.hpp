// How anything gets into the admins' stream (R3).
#pragma once

#include <chrono>

#include "common/core/limits.hpp"
#include "common/core/redis_schema.hpp"
#include "common/core/secrets.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::admin {

// A call that appends to the stream what is added to it: an id and a frame of each event, at most limits::relay_call.
inline redis::script_call call_to_admins(const redis_schema& keys) {
    return {redis::scripts::relay_admin_events,
            redis::keys{keys.admin_events(), keys.admin_seen(), keys.admin_incarnation()},
            limits::admin_stream_entries,
            std::chrono::milliseconds{limits::admin_seen_time}.count(),
            limits::admin_seen_ids,
            random_text(9)};  // the incarnation's name, should there be none
}

}  // namespace stagedoor::admin
