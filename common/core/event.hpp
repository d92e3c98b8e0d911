// Events as CloudEvents 1.0, and the letters in which they travel through Redis to the sockets.
//
// A letter is one line of text, in the user's stream (field `e` of entry `<version>-0`) and on the channel alike:
//     e <version> <epoch> <keptSession|-> <keptEpoch|-> <status> <frame>
// `frame` is the CloudEvents JSON as every socket gets it: nodes that push do not build JSON. The head carries what
// clients do not see but sockets are judged by (K7). On the channel there are control messages too:
//     c <json>
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/user.hpp"

namespace stagedoor {

inline constexpr std::string_view event_source = "/stagedoor";
inline constexpr std::string_view stage_manager_event_prefix = "stagedoor.stage_manager.";
inline constexpr std::string_view user_updated_event = "stagedoor.user.updated";

// One change of a user, as the database's trigger wrote it down.
struct user_event {
    std::string_view kind;  // registered, approved, rejected, reconsidered, suspended, reinstated, updated
    user_facts facts;       // after the change
    std::optional<user_status> previous_status;
    std::string reason;
    instant at;
};

// The kinds by their static names; nothing for an unknown one.
std::optional<std::string_view> find_event_kind(std::string_view kind) noexcept;

std::string event_id(const user_id& user, std::int64_t version);
std::string event_type(std::string_view kind);

// The position after `version` in the user's history, opaque to clients: names the user by a hash (N3).
std::string make_cursor(const user_id& user, std::int64_t version);
// The version in `cursor`; nothing when it is malformed or another user's. A console's cursor has one, too.
std::optional<std::int64_t> parse_cursor(std::string_view cursor, const user_id& user);

// The event as clients get it.
std::string to_frame(const user_event& event);

std::string to_letter(const user_event& event);

// A letter, or a control message, taken apart. Views into the text.
struct letter {
    std::int64_t version = 0;
    std::int64_t epoch = 0;
    std::optional<session_id> kept_session;
    std::optional<std::int64_t> kept_epoch;
    user_status status = user_status::pending;
    std::string_view frame;
};
// errc::redis_protocol when `text` is no letter.
result<letter> parse_letter(std::string_view text);

// The control message that a session has ended. `reason` is a code of problem_table (errc.hpp).
struct session_ended {
    session_id session;
    errc reason = errc::session_revoked;
};
std::string to_control_message(const session_ended& message);
bool is_control_message(std::string_view text) noexcept;
result<session_ended> parse_control_message(std::string_view text);

}  // namespace stagedoor
