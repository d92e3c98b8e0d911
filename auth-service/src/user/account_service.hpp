// Accounts: registering, proving by password who one is, changing it. One instance per shard.
#pragma once

#include <algorithm>
#include <string>

#include "auth-service/src/user/password_hasher.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/runtime/task_group.hpp"

namespace stagedoor::user {

// Checked by whoever makes it: the e-mail is normalised, the lengths are within limits, password_policy has no complaint.
struct registration {
    std::string email;
    std::string password;
    std::string display_name;
    std::string address;  // of the client, for the audit log
};

// What a signed-in user typed; password_policy has no complaint about `next`.
struct password_wish {
    user_id user;
    session_id asking;  // stays signed in
    std::string present;
    std::string next;
    std::string address;  // of the client, for the audit log
};

class account_service {
public:
    // `tasks`: the shard's, for what goes on after an answer.
    account_service(user_store& users, password_hasher& hasher, runtime::task_group& tasks)
        : users_{users}, hasher_{hasher}, tasks_{tasks} {}

    // A new stage manager, pending. errc::email_taken, errc::overloaded, errc::database_*.
    runtime::task<result<committed>> register_manager(registration wanted);

    // The facts of the user whose password this is, from the same row as the hash (K7).
    // errc::invalid_credentials (unknown e-mail and wrong password alike, in equal time), errc::account_suspended
    // (only after the right password), errc::overloaded, errc::database_*. A hash of weaker parameters than today's is
    // replaced after the answer.
    runtime::task<result<user_facts>> verify(std::string email, std::string password);

    // Changes the password, which ends all sessions of the user but the one that asks, and every sign-in with the old
    // password that is under way (K7). The change is still to be relayed. errc::wrong_password: `present` is not it;
    // errc::password_changed: it was, until somebody else changed it; errc::session_revoked: the asking session has
    // ended meanwhile; errc::not_found, errc::overloaded, errc::database_*.
    runtime::task<result<committed>> change_password(password_wish wish);

    // After errc::overloaded: when to try again, in whole seconds, at least one.
    std::chrono::seconds retry_after() const {
        return std::max(std::chrono::ceil<std::chrono::seconds>(hasher_.backlog()), std::chrono::seconds{1});
    }

    // Whether a sign-in or registration that comes now will be errc::overloaded, before anybody is asked about it.
    bool full() const { return hasher_.full(); }

private:
    runtime::task<void> rehash(user_id user, std::string old_hash, std::string password);

    user_store& users_;
    password_hasher& hasher_;
    runtime::task_group& tasks_;
};

}  // namespace stagedoor::user
