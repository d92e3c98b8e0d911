// Transitions and the list of stage managers in SQLite.
#pragma once

#include "auth-service/src/approval/approval_store.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_approval_store final : public approval::approval_store {
public:
    explicit sqlite_approval_store(sqlite_store& store) : store_{store} {}

    // Admins are no stage managers: errc::not_found.
    runtime::task<result<approval::transition_outcome>> apply(approval::transition_request request,
                                                              user::actor by) override;
    runtime::task<result<std::vector<result<approval::transition_outcome>>>> apply_batch(
        approval::batch_request request, user::actor by) override;
    runtime::task<result<approval::user_page>> list(approval::list_query query) override;
    runtime::task<result<std::optional<approval::listed_user>>> find(approval::user_ref who) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
