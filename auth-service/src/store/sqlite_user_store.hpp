// The accounts in SQLite.
#pragma once

#include "auth-service/src/store/sqlite_store.hpp"
#include "auth-service/src/user/user_store.hpp"

namespace stagedoor::store {

class sqlite_user_store final : public user::user_store {
public:
    explicit sqlite_user_store(sqlite_store& store) : store_{store} {}

    runtime::task<result<user::committed>> create(user::new_user user, user::actor by) override;
    runtime::task<result<std::optional<user::credentials>>> find_credentials(std::string email) override;
    runtime::task<result<user::credentials>> find_credentials(user_id user) override;
    runtime::task<result<user_facts>> find(user_id user) override;
    runtime::task<result<user::profile>> find_profile(user_id user) override;
    runtime::task<result<user::profile_change>> update_profile(user_id user, user::profile_patch patch,
                                                               user::actor by) override;
    runtime::task<result<void>> rehash(user_id user, std::string old_hash, std::string new_hash) override;
    runtime::task<result<user::committed>> raise_epoch(user_id user, user::actor by) override;
    runtime::task<result<user::committed>> change_password(user::password_change change, user::actor by) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
