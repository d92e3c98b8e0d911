// What this process has just written to Redis, told to the caches of all its shards before the writer answers anybody
// (C4). Any thread may write; each cache looks into its own inbox before it answers, so nobody waits for a thread.
#pragma once

#include <atomic>
#include <deque>
#include <mutex>
#include <vector>

#include "auth-service/src/session/session_cache.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

class own_writes {
public:
    class inbox {
    public:
        // Evicts what was written since the last time. Costs one load while there is nothing. On the cache's shard.
        void apply_to(session_cache& cache) {
            if (filled_.load(std::memory_order_acquire)) take_into(cache);
        }

    private:
        friend class own_writes;
        // A shard that is held up finds its whole cache stale rather than a long list.
        static constexpr std::size_t most = 4'096;

        void take_into(session_cache& cache);
        template <class Who>
        void put(std::vector<Who>& where, const Who& who);

        std::atomic<bool> filled_{false};
        std::mutex mutex_;  // guards the lists
        std::vector<session_ref> sessions_;
        std::vector<user_id> users_;
        bool all_ = false;
    };

    // Before the shards run. Lives as long as this.
    inbox& add_inbox() { return inboxes_.emplace_back(); }

    // After Redis has answered the write, and also when it has not: the write may have been done.
    void note(const session_ref& who);
    void note(const user_id& user);  // the snapshot, and so all of the user's sessions

private:
    std::deque<inbox> inboxes_;
};

}  // namespace stagedoor::session
