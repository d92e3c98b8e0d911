#include "auth-service/src/limits/redis_limiter.hpp"

#include "common/core/limits.hpp"
#include "common/runtime/event.hpp"

namespace stagedoor::rate_limit {
namespace {

std::string_view to_word(step how) noexcept {
    switch (how) {
        case step::look: return "look";
        case step::take: return "take";
        case step::charge: return "charge";
        case step::give_back: return "give_back";
    }
    return "look";
}

std::optional<decision> read_decision(const result<redis::value>& reply) {
    if (!reply) return std::nullopt;
    const auto items = reply->to_array();
    if (!items || items->size() != 2) return std::nullopt;
    const auto allowed = (*items)[0].to_integer();
    const auto owed = (*items)[1].to_integer();
    if (!allowed || !owed) return std::nullopt;
    return decision{*allowed == 1, debt{*owed}};
}

}  // namespace

struct redis_limiter::exchange {
    explicit exchange(runtime::executor shard) : answered{shard} {}

    runtime::event answered;
    replies got;
};

runtime::task<void> redis_limiter::ask(std::vector<redis::script_call> calls, std::shared_ptr<exchange> into) {
    into->got = co_await redis::eval_all(link_, std::move(calls));
    into->answered.notify_all();
}

runtime::task<redis_limiter::replies> redis_limiter::ask_in_time(std::vector<redis::script_call> calls) {
    const auto began = std::chrono::steady_clock::now();
    if (!link_.connected() || began < slow_until_) co_return replies{};
    const auto into = std::make_shared<exchange>(shard_);
    tasks_.spawn("rate limit", ask(std::move(calls), into));
    if (into->got.empty()) {
        const bool in_time = co_await into->answered.wait_until(began + limits::rate_limit_time);
        // The next ones shall not wait as well; what Redis still counts of this one is counted twice rather than never.
        if (!in_time) slow_until_ = std::chrono::steady_clock::now() + limits::rate_limit_rest;
    }
    co_return std::move(into->got);
}

runtime::task<std::vector<decision>> redis_limiter::decide(std::vector<question> questions) {
    std::vector<redis::script_call> calls;
    calls.reserve(questions.size());
    for (const auto& asked : questions) {
        const auto key = keys_.limit(row_of(asked.what).name, asked.subject);
        calls.emplace_back(redis::scripts::rate_limit, redis::keys{key}, asked.limit.interval().count(),
                           std::chrono::microseconds{asked.limit.period}.count(), to_word(asked.how));
    }
    const auto told = co_await ask_in_time(std::move(calls));

    std::vector<decision> decided;
    decided.reserve(questions.size());
    for (std::size_t i = 0; i < questions.size(); ++i) {
        auto shared = i < told.size() ? read_decision(told[i]) : std::nullopt;
        if (!shared) {
            counters_.local.fetch_add(1, std::memory_order_relaxed);
            shared = local_.decide(questions[i], std::chrono::steady_clock::now());
        }
        decided.push_back(*shared);
    }
    co_return decided;
}

}  // namespace stagedoor::rate_limit
