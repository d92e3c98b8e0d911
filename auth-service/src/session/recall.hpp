// In which order a node finds out whether it may answer from memory (C1 to C4), and not a line more: the cache on a shard and
// the model of the cache run the same.
#pragma once

#include "auth-service/src/session/session_cache.hpp"

namespace stagedoor::session {

// What `cache` knows of `who`, if it is as good as a read that begins now; else nothing. `may_answer()`, asked only if there
// is something: Redis is believed (K10), and the connections say that no change is unheard of; it may evict. `own`: what
// this process has written and the cache has not heard of yet.
template <class MayAnswer, class Inbox>
remembered_session* recall(session_cache& cache, const session_ref& who, MayAnswer may_answer, Inbox& own) {
    if (!cache.find(who) || !may_answer()) return nullptr;
    own.apply_to(cache);
    return cache.find(who);  // again: any of these may have evicted it
}

}  // namespace stagedoor::session
