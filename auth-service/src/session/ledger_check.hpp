// The check of a session in the ledger: for when Redis is away, may not be believed, or has forgotten (K2, K10). One
// read of session row and user. One instance per shard.
#pragma once

#include <cstddef>

#include "auth-service/src/session/session_ledger.hpp"
#include "auth-service/src/session/session_node.hpp"

namespace stagedoor::session {

// The one predicate of K2: the row is there, the session has not ended, has time left by the database's clock, its epoch
// lives (K7), and its user is not suspended. The error says why not.
result<void> judge_by_ledger(const std::optional<ledger_state>& found, const session_ref& who) noexcept;

class ledger_check {
public:
    ledger_check(session_ledger& ledger, session_node& node) : ledger_{ledger}, node_{node} {}

    // The session as the ledger has it, when it lives; its user's version counts as told from here on (K8).
    // Errors: why it is over (401), and nobody is told before it is final (unheard_ends); errc::overloaded beyond
    // limits::ledger_checks, or limits::unheard_ends; errc::database_*.
    runtime::task<result<ledger_state>> ask(session_ref who);

private:
    session_ledger& ledger_;
    session_node& node_;
    std::size_t asking_ = 0;
};

}  // namespace stagedoor::session
