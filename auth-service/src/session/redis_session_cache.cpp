#include "auth-service/src/session/redis_session_cache.hpp"

#include <utility>

#include "auth-service/src/session/recall.hpp"

namespace stagedoor::session {
namespace {

// One thread writes a shard's counters: no need for a locked addition.
void count(std::atomic<std::uint64_t>& counter) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

// A reply that could say yes: only that is worth remembering (C1).
std::optional<remembered_session> memorable(const stored_session& loaded) {
    if (!loaded.value || !loaded.facts) return std::nullopt;
    const auto* const record = std::get_if<session_record>(&*loaded.value);
    if (!record || is_behind(*loaded.facts, *record)) return std::nullopt;
    return remembered_session{*record, *loaded.facts};
}

}  // namespace

redis_session_cache::redis_session_cache(runtime::executor shard, const redis::url& where, redis::link& link,
                                         const redis_schema& keys, session_store& inner, const redis_trust& trust,
                                         own_writes& writes, std::size_t most_bytes)
    : keys_{keys},
      inner_{inner},
      trust_{trust},
      writes_{writes},
      inbox_{writes.add_inbox()},
      cache_{most_bytes},
      tracker_{shard, where, link,
               {.on_changed = [this](std::string_view key) { forget_subject_of(key); },
                .on_lost =
                    [this] {
                        cache_.clear();
                        show_size();
                    }}} {}

remembered_session* redis_session_cache::recall(const session_ref& who) {
    const auto may_answer = [this] {
        const auto now = std::chrono::steady_clock::now();
        return trust_.holds(now) && tracker_.answers(now);
    };
    return session::recall(cache_, who, may_answer, inbox_);
}

void redis_session_cache::keep_answer(const session_ref& who, const std::string& answer) {
    cache_.keep_answer(who, answer);
    show_size();
}

void redis_session_cache::note_hit() noexcept { count(counters_.hits); }

runtime::task<result<stored_session>> redis_session_cache::load(session_ref who, deadline_time by) {
    count(counters_.misses);
    const auto ticket = tracker_.keeps() ? cache_.expect(who) : session_cache::ticket{};
    auto loaded = co_await inner_.load(who, by);
    inbox_.apply_to(cache_);
    auto worth_keeping = loaded ? memorable(*loaded) : std::nullopt;
    if (worth_keeping) {
        cache_.keep(who, ticket, std::move(*worth_keeping));
    } else {
        cache_.give_up(who, ticket);
    }
    show_size();
    co_return loaded;
}

runtime::task<result<bool>> redis_session_cache::swap(session_ref who, std::string expected, session_record next,
                                                      deadline_time by) {
    auto swapped = co_await inner_.swap(who, std::move(expected), std::move(next), by);
    writes_.note(who);
    co_return swapped;
}

runtime::task<result<void>> redis_session_cache::bury(session_ref who, errc reason, deadline_time by) {
    auto buried = co_await inner_.bury(who, reason, by);
    writes_.note(who);
    co_return buried;
}

runtime::task<result<user_facts>> redis_session_cache::put_snapshot(user_facts facts, deadline_time by) {
    const auto user = facts.id;
    auto won = co_await inner_.put_snapshot(std::move(facts), by);
    writes_.note(user);
    co_return won;
}

void redis_session_cache::forget_subject_of(std::string_view key) {
    const auto subject = keys_.subject_of(key);
    if (!subject) return;
    if (subject->session) {
        cache_.evict(session_ref{subject->user, *subject->session});
    } else {
        cache_.evict(subject->user);
    }
    show_size();
}

void redis_session_cache::show_size() noexcept {
    counters_.entries.store(cache_.size(), std::memory_order_relaxed);
    counters_.bytes.store(cache_.bytes(), std::memory_order_relaxed);
    counters_.evictions.store(cache_.squeezed_out(), std::memory_order_relaxed);
}

}  // namespace stagedoor::session
