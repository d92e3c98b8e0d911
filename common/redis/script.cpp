#include "common/redis/script.hpp"

#include <utility>

#include "common/redis/scripts_embedded.hpp"
#include "common/redis/scripts_sha1.hpp"

namespace stagedoor::redis {
namespace scripts {

const script fence_swap{"fence_swap", embedded::fence_swap_lua, embedded::fence_swap_sha1};
const script relay_user_events{"relay_user_events", embedded::relay_user_events_lua, embedded::relay_user_events_sha1};
const script relay_rebase{"relay_rebase", embedded::relay_rebase_lua, embedded::relay_rebase_sha1};
const script begin_admin_feed{"begin_admin_feed", embedded::begin_admin_feed_lua, embedded::begin_admin_feed_sha1};
const script relay_admin_events{"relay_admin_events", embedded::relay_admin_events_lua, embedded::relay_admin_events_sha1};
const script put_snapshot{"put_snapshot", embedded::put_snapshot_lua, embedded::put_snapshot_sha1};
const script session_swap{"session_swap", embedded::session_swap_lua, embedded::session_swap_sha1};
const script session_end{"session_end", embedded::session_end_lua, embedded::session_end_sha1};
const script rate_limit{"rate_limit", embedded::rate_limit_lua, embedded::rate_limit_sha1};
const script receipts_put{"receipts_put", embedded::receipts_put_lua, embedded::receipts_put_sha1};

}  // namespace scripts

namespace {

bool is_unknown_script(const result<value>& reply) { return reply && reply->error_text().starts_with("NOSCRIPT"); }

}  // namespace

result<bool> was_swapped(const value& reply) {
    const auto items = reply.to_array();
    if (!items || items->empty()) return failed<bool>(errc::redis_protocol);
    const auto done = items->front().to_integer();
    if (!done) return failed<bool>(done.error());
    return *done == 1;
}

runtime::task<result<value>> eval(link& redis, script_call call, deadline_time by) {
    auto reply = co_await redis.exchange(call.by_hash(), by);
    if (is_unknown_script(reply)) reply = co_await redis.exchange(call.by_source(), by);
    co_return redis.checked(std::move(reply));
}

runtime::task<std::vector<result<value>>> eval_all(link& redis, std::vector<script_call> calls) {
    std::vector<command> commands;
    commands.reserve(calls.size());
    for (const auto& call : calls) commands.push_back(call.by_hash());
    auto replies = co_await redis.exchange_all(std::move(commands));

    std::vector<std::size_t> unknown;
    std::vector<command> again;
    for (std::size_t i = 0; i < replies.size(); ++i) {
        if (!is_unknown_script(replies[i])) continue;
        unknown.push_back(i);
        again.push_back(calls[i].by_source());
    }
    if (!again.empty()) {
        auto taught = co_await redis.exchange_all(std::move(again));
        for (std::size_t i = 0; i < unknown.size(); ++i) replies[unknown[i]] = std::move(taught[i]);
    }
    for (auto& reply : replies) reply = redis.checked(std::move(reply));
    co_return replies;
}

}  // namespace stagedoor::redis
