// The port to what notify-service has written down about a user's sockets (N9).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/core/errc.hpp"
#include "common/core/receipt.hpp"
#include "common/core/uuid.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::events {

struct socket_line {
    receipt what;
    bool held = false;  // its node lives: if its last word was that it is open, it is

    bool is_open() const noexcept { return what.open && held; }
};

struct socket_receipts {
    std::vector<socket_line> lines;
    std::int64_t top = 0;  // the newest version in the user's stream; 0: none, or nobody knows
    instant horizon;       // words that are not younger may be missing, by Redis' time
};

class receipts_reader {
public:
    virtual ~receipts_reader() = default;

    // errc::redis_unavailable, errc::redis_protocol, errc::overloaded.
    virtual runtime::task<result<socket_receipts>> of(user_id user) = 0;
};

}  // namespace stagedoor::events
