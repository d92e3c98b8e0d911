#include "notify-service/src/receipts/redis_receipts.hpp"

#include <chrono>
#include <utility>
#include <vector>

#include "common/core/limits.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::notify {
namespace {

constexpr auto to_ms(std::chrono::milliseconds time) noexcept { return time.count(); }

}  // namespace

redis_receipts::redis_receipts(redis::link& data, const redis_schema& keys, std::string_view node, std::size_t shard,
                               push_metrics& counts)
    : data_{data},
      keys_{keys},
      counts_{counts},
      node_{node},
      shard_{shard},
      holder_{keys.holder(holder_of(socket_name(node, shard, 0)))} {}

runtime::task<result<void>> redis_receipts::put(std::span<const receipt_word> words) {
    std::vector<redis::script_call> calls;
    calls.reserve(words.size());
    // An event is written to a user's sockets in one go: what they have to say of it comes in one go too.
    const receipt_word* before = nullptr;
    for (const auto& word : words) {
        if (!before || before->user != word.user) {
            calls.emplace_back(redis::scripts::receipts_put, redis::keys{keys_.receipts(word.user)},
                               to_ms(limits::receipt_ttl), limits::receipt_lines);
        }
        calls.back().add(socket_name(node_, shard_, word.socket)).add(format_receipt(word.what));
        before = &word;
    }
    const auto replies = co_await redis::eval_all(data_, std::move(calls));
    for (const auto& reply : replies) {
        if (reply) continue;
        // Something else in the place of the receipts, or no permission: it would be refused again.
        if (to_errc(reply.error()) != errc::redis_protocol) co_return reply.error();
        counts_.receipts_refused.add();
    }
    co_return result<void>{};
}

void redis_receipts::sign_of_life() {
    data_.send([](const result<redis::value>&) {}, "SET", holder_, "1", "PX", to_ms(limits::receipt_holder_ttl));
}

}  // namespace stagedoor::notify
