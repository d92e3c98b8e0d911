// The port `denial_news` over the admins' stream (R3).
#pragma once

#include "auth-service/src/admin/denial_news.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::admin {

class redis_denial_news final : public denial_news {
public:
    // Both outlive this.
    redis_denial_news(redis::link& link, const redis_schema& keys) : link_{link}, keys_{keys} {}

    runtime::task<result<void>> tell(std::int64_t calls, instant at) override;

private:
    redis::link& link_;
    const redis_schema& keys_;
};

}  // namespace stagedoor::admin
