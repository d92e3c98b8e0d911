// One database behind all its ports, fresh for each test. The suite of this folder runs on every kind of database that
// make_stores() knows.
#pragma once

#include <memory>
#include <string>

#include "auth-service/src/admin/answer_store.hpp"
#include "auth-service/src/admin/audit_store.hpp"
#include "auth-service/src/admin/token_store.hpp"
#include "auth-service/src/approval/approval_store.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "auth-service/src/events/event_records.hpp"
#include "auth-service/src/session/session_ledger.hpp"
#include "auth-service/src/upkeep/purge_store.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "tests/support/run_task.hpp"

namespace stagedoor::tests {

class stores {
public:
    virtual ~stores() = default;
    virtual user::user_store& users() = 0;
    virtual session::session_ledger& ledger() = 0;
    virtual approval::approval_store& approvals() = 0;
    virtual approval::outbox& outbox() = 0;
    virtual admin::audit_store& audit() = 0;
    virtual admin::token_store& tokens() = 0;
    virtual admin::answer_store& answers() = 0;
    virtual upkeep::purge_store& purge() = 0;
    // As another process on the same database has it.
    virtual std::unique_ptr<upkeep::purge_store> purge_of_another_process() = 0;
    virtual events::event_records& events() = 0;
    // Plain SQL, as from a shell.
    virtual void run_sql(const std::string& text) = 0;
};

std::unique_ptr<stores> make_stores();

// Runs one call of a port to its end.
template <class T>
T wait(runtime::task<T> call) {
    return run_task([&](runtime::executor) { return std::move(call); });
}

}  // namespace stagedoor::tests
