// The port for those who approve: transitions of status, and the list of stage managers.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "auth-service/src/user/user_store.hpp"
#include "common/core/event.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::approval {

struct transition_request {
    user_id user;
    const transition* what = nullptr;  // a row of transition_table
    std::string reason;                // may be empty
    std::optional<std::int64_t> expected_version{};  // the one that the admin has seen
};

// Who made a change, and when.
struct author_of_change {
    std::string id;  // a user's, or what a part of the system calls itself: "sql"
    std::optional<std::string> email;
    std::optional<std::string> display_name;
    std::string action;  // what the audit log calls it: approved, …, updated
    instant at;
};

// What came of it. Of two admins who act on one person at once, one finds what the other has done, and who it was.
struct transition_outcome {
    enum class kind : std::uint8_t {
        done,
        already,      // this transition was the last one made: `event` is the one of that time
        not_allowed,  // the status does not allow it: `facts` says why, there is no event
        outdated,     // the user's version is another one than was expected, no event
    };
    kind what = kind::not_allowed;
    user_facts facts;
    std::optional<user_event> event;
    std::int64_t outbox_id = 0;
    // Of the event; without one, of the last transition or change. Of what a batch has done: nobody, it is who asked.
    std::optional<author_of_change> by;

    bool applied() const noexcept { return what == kind::done || what == kind::already; }
};

// One transition of many people, at most limits::bulk_batch: one transaction.
struct batch_request {
    std::vector<user_id> users;
    const transition* what = nullptr;
    std::string reason;
    std::vector<std::int64_t> expected_versions{};  // one for each of `users`, or none: any will do
};

struct list_query {
    std::optional<user_status> status;
    std::string search;                 // part of an e-mail or display name; empty: all
    std::optional<std::string> email;   // a whole one, in any case
    std::optional<user_id> user;        // one person
    std::optional<user_id> before;      // `next` of the page before; ids sort by time
    std::size_t limit = limits::page_default;
    bool with_totals = true;            // costs a walk over all stage managers: 10 ms of a reader for 100,000
};

struct listed_user {
    user_facts facts;
    instant created_at;
};

// One user: an id, or a whole e-mail in any case.
using user_ref = std::variant<user_id, std::string>;

struct user_page {
    std::vector<listed_user> items;  // newest first
    std::optional<user_id> next;     // there may be more behind it
    std::map<user_status, std::int64_t> totals;  // of all stage managers, by status; empty: they were not asked for
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class approval_store {
public:
    virtual ~approval_store() = default;

    // errc::not_found: no such user.
    virtual runtime::task<result<transition_outcome>> apply(transition_request request, user::actor by) = 0;

    // An outcome for each user, in order, as of `apply`; what befalls one is no matter to the others. Errors: nothing of
    // the batch was committed.
    virtual runtime::task<result<std::vector<result<transition_outcome>>>> apply_batch(batch_request request,
                                                                                       user::actor by) = 0;

    // Only stage managers. A search looks at limits::search_examined people at most: its page may be short and have a
    // next one.
    virtual runtime::task<result<user_page>> list(list_query query) = 0;

    // Whoever it is, admins too. Nothing: there is nobody.
    virtual runtime::task<result<std::optional<listed_user>>> find(user_ref who) = 0;
};

}  // namespace stagedoor::approval
