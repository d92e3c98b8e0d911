// The port to the accounts in the database, the truth about users. Every change raises the user's version and leaves
// an outbox row (triggers do that); the relay carries the row to Redis.
#pragma once

#include <optional>
#include <string>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/event.hpp"
#include "common/core/user.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::user {

struct new_user {
    user_id id;
    std::string email;         // folded to lower case
    std::string display_name;
    user_role role = user_role::stage_manager;
    user_status status = user_status::pending;
    std::string password_hash; // libsodium's text form of Argon2id
};

// The password hash and the facts, epoch included, from one row read at one moment (K7).
struct credentials {
    user_facts facts;
    std::string password_hash;
};

// A committed change: the facts after it, and the outbox row that tells of it. Nothing had to be changed: no event.
struct committed {
    user_facts facts;
    std::optional<user_event> event;
    std::int64_t outbox_id = 0;
};

// What a stage manager tells of themselves. The display name is part of the facts, the rest is not.
struct profile {
    std::string phone;
    std::string company;
    std::string bio;
};

struct profile_patch {
    std::optional<std::string> display_name;
    std::optional<std::string> phone;
    std::optional<std::string> company;
    std::optional<std::string> bio;
};

struct profile_change {
    committed user;
    user::profile profile;
};

// A new password, by the session that stays signed in.
struct password_change {
    user_id user;
    session_id kept;
    std::string old_hash;  // the one that the present password was verified against
    std::string new_hash;
};

// Who caused a change, and by which way in; goes into the audit log and never into an event.
struct actor {
    std::string id;              // a user id, or what a part of the system calls itself
    std::string origin = "api";
    std::string address{};       // of the client; empty: none
    std::string token{};         // the id of the API token it came with; empty: none
};

// All calls: errc::database_unavailable, errc::database_busy, errc::overloaded.
class user_store {
public:
    virtual ~user_store() = default;

    // errc::email_taken.
    virtual runtime::task<result<committed>> create(new_user user, actor by) = 0;

    virtual runtime::task<result<std::optional<credentials>>> find_credentials(std::string email) = 0;

    // errc::not_found.
    virtual runtime::task<result<credentials>> find_credentials(user_id user) = 0;

    // errc::not_found.
    virtual runtime::task<result<user_facts>> find(user_id user) = 0;

    // errc::not_found.
    virtual runtime::task<result<user::profile>> find_profile(user_id user) = 0;

    // Fields that are nothing stay as they are. errc::not_found.
    virtual runtime::task<result<profile_change>> update_profile(user_id user, profile_patch patch, actor by) = 0;

    // Replaces the hash only while it still is `old_hash` (K7); a lost race is no error.
    virtual runtime::task<result<void>> rehash(user_id user, std::string old_hash, std::string new_hash) = 0;

    // Ends all sessions of the user, and every sign-in that is under way, in one step (K7). errc::not_found.
    virtual runtime::task<result<committed>> raise_epoch(user_id user, actor by) = 0;

    // Replaces the hash and ends all sessions but `kept`, in one commit (K7). errc::password_changed: the hash is no
    // longer `old_hash`. errc::session_revoked: `kept` does not live; what has ended is not brought back.
    // errc::not_found.
    virtual runtime::task<result<committed>> change_password(password_change change, actor by) = 0;
};

}  // namespace stagedoor::user
