// The port for those who approve: transitions of status, and the list of stage managers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth-service/src/user/user_store.hpp"
#include "common/core/event.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::approval {

struct transition_request {
    user_id user;
    const transition* what = nullptr;  // a row of transition_table
    std::string reason;                // may be empty
};

// What came of it. `changed` is false when this transition was the last one made: then `event` is the one of that
// time. `applied` is false when the status does not allow it: then `facts` says why and there is no event.
struct transition_outcome {
    bool applied = false;
    bool changed = false;
    user_facts facts;
    std::optional<user_event> event;
    std::int64_t outbox_id = 0;
};

struct list_query {
    std::optional<user_status> status;
    std::string search;                 // part of an e-mail or display name; empty: all
    std::optional<user_id> before;      // the last id of the page before; ids sort by time
    std::size_t limit = limits::page_default;
};

struct listed_user {
    user_facts facts;
    instant created_at;
};

struct user_page {
    std::vector<listed_user> items;  // newest first
    bool more = false;
    std::map<user_status, std::int64_t> totals;  // of all stage managers, by status
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class approval_store {
public:
    virtual ~approval_store() = default;

    // errc::not_found: no such user.
    virtual runtime::task<result<transition_outcome>> apply(transition_request request, user::actor by) = 0;

    // Only stage managers.
    virtual runtime::task<result<user_page>> list(list_query query) = 0;
};

}  // namespace stagedoor::approval
