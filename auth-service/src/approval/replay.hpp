// One replay, step by step (R6). Where it stands is in the fence alone: each step does a bounded piece of work, which may
// be done twice, and then says by compare-and-set that it is done. So any relay goes on where another one died, and two
// that work at once only waste work. Belongs to the relay's shard.
#pragma once

#include <atomic>
#include <cstdint>

#include "auth-service/src/approval/carrier.hpp"
#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "common/core/fence.hpp"

namespace stagedoor::approval {

class replay {
public:
    replay(outbox& rows, mailbox& letters, carrier& carries) : outbox_{rows}, mailbox_{letters}, carrier_{carries} {}

    // What `at` says is to be done next is in Redis now; the fence that says so. `at` is not fed.
    // Errors: of the ports; the work may have been done in part.
    runtime::task<result<fence>> advance(fence at);

    // Since the start of the process.
    struct counters {
        std::atomic<std::uint64_t> rows = 0;
        std::atomic<std::uint64_t> ends = 0;
    };
    const counters& counts() const noexcept { return counts_; }

private:
    runtime::task<result<fence>> forget(fence at);
    runtime::task<result<fence>> bury(fence at);
    runtime::task<result<fence>> send(fence at);

    outbox& outbox_;
    mailbox& mailbox_;
    carrier& carrier_;
    counters counts_;
};

}  // namespace stagedoor::approval
