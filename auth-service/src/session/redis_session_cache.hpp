// The node's cache (C1 to C4): a session_store that remembers what it has loaded, in front of the one that asks Redis.
// Take it out (--session-cache off), and every check is one MGET; nothing else changes. One per shard.
//
// Three things must hold before it answers from memory: Redis may be believed at all (redis_trust), the tracker has
// heard of every change that was readable, and what this process wrote itself has been evicted.
#pragma once

#include <atomic>

#include "auth-service/src/session/own_writes.hpp"
#include "auth-service/src/session/redis_trust.hpp"
#include "auth-service/src/session/session_cache.hpp"
#include "auth-service/src/session/session_store.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/tracker.hpp"

namespace stagedoor::session {

// Since the start of the process, of one shard; read by the metrics page from another thread.
struct cache_counters {
    std::atomic<std::uint64_t> hits = 0;    // found, and free to answer
    std::atomic<std::uint64_t> misses = 0;  // read from Redis
    std::atomic<std::uint64_t> evictions = 0;
    std::atomic<std::uint64_t> entries = 0;
    std::atomic<std::uint64_t> bytes = 0;
};

class redis_session_cache final : public session_store {
public:
    // `link` is the one that `inner` reads over.
    redis_session_cache(runtime::executor shard, const redis::url& where, redis::link& link, const redis_schema& keys,
                        session_store& inner, const redis_trust& trust, own_writes& writes, std::size_t most_bytes);

    void start(runtime::task_group& tasks) { tracker_.start(tasks); }
    void stop() { tracker_.stop(); }

    instant now() const override { return inner_.now(); }
    instant since() const override { return inner_.since(); }
    remembered_session* recall(const session_ref& who) override;
    void keep_answer(const session_ref& who, const std::string& answer) override;
    void note_hit() noexcept override;
    runtime::task<result<stored_session>> load(session_ref who, deadline_time by) override;
    runtime::task<result<std::vector<stored_value>>> load_records(user_id user,
                                                                  std::vector<session_id> sessions) override {
        return inner_.load_records(user, std::move(sessions));
    }

    runtime::task<result<std::optional<std::string>>> hold(session_ref who, deadline_time by) override {
        return inner_.hold(who, by);
    }
    runtime::task<result<bool>> swap(session_ref who, std::string expected, session_record next,
                                     deadline_time by) override;
    runtime::task<result<void>> bury(session_ref who, errc reason, deadline_time by) override;
    runtime::task<result<void>> settle(deadline_time by) override { return inner_.settle(by); }
    runtime::task<result<user_facts>> put_snapshot(user_facts facts, deadline_time by) override;

    const cache_counters& counters() const noexcept { return counters_; }
    const redis::tracking_counters& tracking() const noexcept { return tracker_.counters(); }

private:
    void forget_subject_of(std::string_view key);
    void show_size() noexcept;

    const redis_schema& keys_;
    session_store& inner_;
    const redis_trust& trust_;
    own_writes& writes_;
    own_writes::inbox& inbox_;
    session_cache cache_;
    redis::tracker tracker_;
    cache_counters counters_;
};

}  // namespace stagedoor::session
