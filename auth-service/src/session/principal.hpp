// A signed-in browser at the time of one request.
#pragma once

#include <string>

#include "common/core/user.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

struct principal {
    session_ref who;
    user_facts user;  // as of the newest version known
    session_record record;
    standing where = standing::current;
    std::string stored;  // the record as it is in Redis, for the next compare-and-set; empty when it was not read there

    // Redis could not tell, the ledger did (K10). What only Redis knows of the session (use, generation, the status last
    // acknowledged) is then as at its beginning, and there is nothing to move on.
    bool from_ledger = false;
};

}  // namespace stagedoor::session
