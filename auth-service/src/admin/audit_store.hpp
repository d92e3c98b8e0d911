// The port to the audit log: who did what to whom, when, from where and why. Changes are written by the database's
// triggers; here it is read, and calls that were refused are written.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth-service/src/admin/audit_cursor.hpp"
#include "auth-service/src/admin/denial_log.hpp"
#include "auth-service/src/user/user_store.hpp"
#include "common/core/clock.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::admin {

struct audit_query {
    std::optional<user_id> user;         // whom it befell
    std::optional<std::string> actor;    // a user id, or what a part of the system calls itself: "sql"
    std::optional<std::string> action;   // approved, …, session_ended, token_created, denied
    std::optional<instant> since;        // inclusive
    std::optional<instant> until;        // exclusive
    std::optional<audit_cursor> before;  // of an earlier page
    std::size_t limit = limits::page_default;
};

// Somebody the log names: a user, or a part of the system ("sql", "create-admin"), which has neither e-mail nor name.
struct named {
    std::string id;
    std::optional<std::string> email;
    std::optional<std::string> display_name;
};

struct audit_entry {
    std::int64_t id = 0;
    instant at;
    std::string action;
    std::optional<named> user;  // nobody: a call of a stranger
    named actor;
    std::string origin;  // api, token, cli, sql …: the way in
    std::optional<std::string> address;
    std::optional<std::string> token;    // the API token's id
    std::optional<std::string> session;  // that ended
    std::optional<std::string> reason;
    std::optional<std::int64_t> version;  // of the user after the change
    std::optional<std::string> before;    // JSON: the user's facts
    std::optional<std::string> after;  // JSON: the user's facts; of what is no change of a user, what there is to say
};

struct audit_page {
    std::vector<audit_entry> items;    // newest first
    std::optional<audit_cursor> next;  // there may be more behind it
};

// A part of the log in the order in which it was written.
struct audit_stretch {
    std::vector<audit_entry> items;  // oldest first
    std::int64_t upto = 0;           // the id that it goes on behind
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class audit_store {
public:
    virtual ~audit_store() = default;

    // At most query.limit, after a look at limits::audit_examined rows at most: a page may be short and have a next
    // one.
    virtual runtime::task<result<audit_page>> list(audit_query query) = 0;

    // The entries whose id is greater than `after`, for whoever follows the log: what is committed later has a greater
    // id, whatever the clock does, so that one who goes on behind `upto` misses nothing and gets nothing twice. Bounded
    // as list() is; the log's end is reached when there are no items and `upto` is `after`. An `upto` below `after`: the
    // database is an older copy. Without `after` no items, and `upto` is the end. `query.before` is not looked at.
    virtual runtime::task<result<audit_stretch>> follow(audit_query query, std::optional<std::int64_t> after) = 0;

    // Written as action "denied". Beyond limits::denials_kept of them the oldest go.
    virtual runtime::task<result<void>> add_denials(std::vector<denial_sum> sums) = 0;
};

}  // namespace stagedoor::admin
