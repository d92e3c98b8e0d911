// The port to who keeps count. Whatever is away, it decides: the counts of this node stand in for those of all nodes.
#pragma once

#include <string>
#include <vector>

#include "auth-service/src/limits/gcra.hpp"
#include "auth-service/src/limits/limit_kind.hpp"
#include "common/core/clock.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::rate_limit {

struct question {
    kind what = kind::sign_in;
    std::string subject;  // a keyed hash: neither addresses nor e-mails are kept
    rate limit;           // one that limits
    step how = step::look;
};

class rate_limiter {
public:
    virtual ~rate_limiter() = default;

    // A decision for each question, in order. Takes limits::rate_limit_time at most, and never fails.
    virtual runtime::task<std::vector<decision>> decide(std::vector<question> questions) = 0;

    // The time that nodes agree on (T5).
    virtual instant now() const = 0;
};

}  // namespace stagedoor::rate_limit
