// The port to the fence in Redis (R6): what Redis says of its own data, changed by compare-and-set alone.
#pragma once

#include <optional>
#include <string>

#include "common/core/errc.hpp"
#include "common/core/fence.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::approval {

struct fence_sight {
    std::string run_id;         // of the process that was asked
    std::string text;           // as it is there; empty: nothing is
    std::optional<fence> what;  // nothing: nothing is, or nothing that can be read

    bool good() const noexcept { return is_good(what, run_id); }
};

// All calls: errc::redis_unavailable, errc::redis_protocol, errc::overloaded.
class fence_store {
public:
    virtual ~fence_store() = default;

    // Redis' own time (T5).
    virtual instant now() const = 0;

    virtual runtime::task<result<fence_sight>> read() = 0;

    // Puts `next` only while `expected`, the text of a sight, is there; false when it is not. True is a write that
    // Redis has taken, also when both are the same.
    virtual runtime::task<result<bool>> swap(std::string expected, fence next) = 0;
};

}  // namespace stagedoor::approval
