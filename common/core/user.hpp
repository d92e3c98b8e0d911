// A user's facts at one version, the statuses they can have and the transitions between them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor {

enum class user_role : std::uint8_t { stage_manager, admin };
enum class user_status : std::uint8_t { pending, active, rejected, suspended };

std::string_view to_string(user_role role) noexcept;
std::string_view to_string(user_status status) noexcept;
std::optional<user_role> parse_role(std::string_view text) noexcept;
std::optional<user_status> parse_status(std::string_view text) noexcept;

inline constexpr std::array all_statuses{user_status::pending, user_status::active, user_status::rejected,
                                         user_status::suspended};
inline constexpr std::array all_roles{user_role::stage_manager, user_role::admin};

// What an admin can do to a user. `event` is the end of the event's type.
struct transition {
    std::string_view action;
    user_status from;
    user_status to;
    std::string_view event;
};

inline constexpr std::array transition_table{
    transition{"approve", user_status::pending, user_status::active, "approved"},
    transition{"reject", user_status::pending, user_status::rejected, "rejected"},
    transition{"reconsider", user_status::rejected, user_status::pending, "reconsidered"},
    transition{"suspend", user_status::active, user_status::suspended, "suspended"},
    transition{"reinstate", user_status::suspended, user_status::active, "reinstated"},
};

// The row of `action`, or nullptr.
const transition* find_transition(std::string_view action) noexcept;

// Everything that is said of a user, at one version. Higher versions are newer; epochs never fall.
struct user_facts {
    user_id id;
    std::string email;
    std::string display_name;
    user_role role = user_role::stage_manager;
    user_status status = user_status::pending;
    std::int64_t version = 0;
    std::int64_t epoch = 0;
    // The session that outlives the raise of the epoch to kept_epoch (a password change), K7.
    std::optional<session_id> kept_session;
    std::optional<std::int64_t> kept_epoch;

    friend bool operator==(const user_facts&, const user_facts&) = default;
};

// The snapshot as it is in Redis: all facts.
std::string to_snapshot_json(const user_facts& facts);
// errc::redis_protocol when `text` is not a snapshot.
result<user_facts> parse_snapshot(std::string_view text);

// What clients see: `{"id","email","displayName","role","status","version"}`, appended.
void append_public_json(std::string& out, const user_facts& facts);

}  // namespace stagedoor
