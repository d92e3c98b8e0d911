#include "auth-service/src/approval/redis_fence_store.hpp"

#include "common/redis/script.hpp"

namespace stagedoor::approval {

runtime::task<result<fence_sight>> redis_fence_store::read() {
    // A connection leads to one process: the run id of before the request is that of the reply.
    fence_sight seen;
    seen.run_id = link_.run_id();
    const auto reply = co_await link_.request("GET", key_);
    if (!reply) co_return reply.error();
    const auto text = reply->to_optional_text();
    if (!text) co_return text.error();
    if (*text) {
        seen.text = **text;
        seen.what = parse_fence(seen.text);
    }
    co_return seen;
}

runtime::task<result<bool>> redis_fence_store::swap(std::string expected, fence next) {
    redis::script_call call{redis::scripts::fence_swap, redis::keys{key_}, expected, format_fence(next)};
    const auto reply = co_await redis::eval(link_, std::move(call));
    if (!reply) co_return failed<bool>(reply.error());
    co_return redis::was_swapped(*reply);
}

}  // namespace stagedoor::approval
