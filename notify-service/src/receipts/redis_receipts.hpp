// The port `receipt_store` over the shard's data link: one script call for each user, all in one write.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"
#include "notify-service/src/metrics.hpp"
#include "notify-service/src/receipts/receipt_store.hpp"

namespace stagedoor::notify {

class redis_receipts final : public receipt_store {
public:
    // `node` and `shard` name the sockets (receipt.hpp). All outlive this.
    redis_receipts(redis::link& data, const redis_schema& keys, std::string_view node, std::size_t shard,
                   push_metrics& counts);

    runtime::task<result<void>> put(std::span<const receipt_word> words) override;
    void sign_of_life() override;

private:
    redis::link& data_;
    const redis_schema& keys_;
    push_metrics& counts_;
    const std::string_view node_;
    const std::size_t shard_;
    const std::string holder_;  // the key
};

}  // namespace stagedoor::notify
