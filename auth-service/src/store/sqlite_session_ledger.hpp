// The ledger of sessions in SQLite (T1).
#pragma once

#include "auth-service/src/session/session_ledger.hpp"
#include "auth-service/src/store/sqlite_store.hpp"

namespace stagedoor::store {

class sqlite_session_ledger final : public session::session_ledger {
public:
    explicit sqlite_session_ledger(sqlite_store& store) : store_{store} {}

    runtime::task<result<std::vector<session::ended>>> begin(session::ledger_entry entry, std::size_t most,
                                                               std::vector<session::session_ref> in_place_of) override;
    runtime::task<result<std::optional<session::ledger_state>>> find(session::session_ref who) override;
    runtime::task<result<std::vector<session::ledger_entry>>> living(user_id user) override;
    runtime::task<result<std::optional<session::ended>>> end(session::session_ref who, errc reason, user::actor by) override;

private:
    sqlite_store& store_;
};

}  // namespace stagedoor::store
