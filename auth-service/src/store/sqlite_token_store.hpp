// API tokens in SQLite. What a token has to be, and that its making and its end are audited, triggers see to (0005).
#pragma once

#include "auth-service/src/admin/token_store.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_token_store final : public admin::token_store {
public:
    explicit sqlite_token_store(sqlite_store& store) : store_{store} {}

    runtime::task<result<admin::api_token>> create(admin::new_token token, user::actor by) override;
    runtime::task<result<std::optional<admin::presented_token>>> find(sha256_digest digest) override;
    runtime::task<result<void>> note_use(admin::token_id token) override;
    runtime::task<result<void>> revoke(admin::token_id token, user::actor by) override;
    runtime::task<result<admin::token_page>> list(std::optional<admin::token_id> before, std::size_t limit) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
