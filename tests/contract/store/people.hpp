// People and their sessions, for the suite that every store has to pass.
#pragma once

#include <string>
#include <string_view>

#include "tests/contract/store/stores.hpp"
#include "tests/support/catch.hpp"

namespace stagedoor::tests {

inline const user::actor somebody{"somebody"};

inline user::new_user new_manager(const std::string& email) {
    user::new_user made;
    made.id = user_id{make_uuid_v7()};
    made.email = email;
    made.display_name = "Ada";
    made.password_hash = "hash";
    return made;
}

inline user_facts add_manager(stores& all, const std::string& email = "ada@example.com") {
    return wait(all.users().create(new_manager(email), somebody))->facts;
}

inline approval::transition_outcome decide(stores& all, const user_id& user, std::string_view action,
                                           const std::string& reason = "") {
    const auto outcome = wait(all.approvals().apply({user, find_transition(action), reason, {}}, somebody));
    REQUIRE(outcome.has_value());
    return *outcome;
}

// `age`: how long ago it began.
inline session::ledger_entry entry_of(const user_facts& user, std::chrono::seconds age = std::chrono::seconds{0}) {
    const auto begun = system_now() - age;
    return {{user.id, session_id{make_uuid_v4()}}, user.epoch, user.status, begun, begun + std::chrono::hours{1},
            "curl/8.0", "192.0.2.1"};
}

}  // namespace stagedoor::tests
