// Accounts: registering, and proving by password who one is. One instance per shard.
#pragma once

#include <string>

#include "auth-service/src/user/password_hasher.hpp"
#include "auth-service/src/user/user_store.hpp"

namespace stagedoor::user {

// Checked by whoever makes it: the e-mail is normalised, the lengths are within limits.
struct registration {
    std::string email;
    std::string password;
    std::string display_name;
};

class account_service {
public:
    account_service(user_store& users, password_hasher& hasher) : users_{users}, hasher_{hasher} {}

    // A new stage manager, pending. errc::email_taken, errc::overloaded, errc::database_*.
    runtime::task<result<committed>> register_manager(registration wanted);

    // The facts of the user whose password this is, from the same row as the hash (K7).
    // errc::invalid_credentials (unknown e-mail and wrong password alike, in equal time), errc::account_suspended
    // (only after the right password), errc::overloaded, errc::database_*.
    runtime::task<result<user_facts>> verify(std::string email, std::string password);

private:
    user_store& users_;
    password_hasher& hasher_;
};

}  // namespace stagedoor::user
