// A session as Redis has it: the record of a living one, or the tombstone of one that ended.
//
// The text is opaque to scripts: they compare it whole (K6). It holds no fact about the user but the statuses that this
// session was last told (K5), and no secret: proofs are there as digests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "common/core/clock.hpp"
#include "common/core/errc.hpp"
#include "common/core/user.hpp"
#include "common/session/session_token.hpp"

namespace stagedoor::session {

// A status that a refresh has told, and that a later one may take as acknowledged (K5).
struct told_status {
    user_status status = user_status::pending;
    std::int64_t version = 0;
    user_status previous = user_status::pending;  // as it was told with it; another one than `status`
    std::optional<instant> at;  // when it was told to the generation itself; not yet: with its token, to its predecessor

    friend bool operator==(const told_status&, const told_status&) = default;
};

// What whoever holds the token of a generation knows of the status: this one; or, as long as something told is not
// acknowledged, perhaps that, or what was told before it.
struct acknowledgement {
    user_status status = user_status::pending;
    std::optional<told_status> told;

    friend bool operator==(const acknowledgement&, const acknowledgement&) = default;
};

struct session_record {
    std::int64_t epoch = 0;
    std::uint32_t generation = 0;
    std::uint8_t key_id = 0;            // signs the current generation
    std::uint8_t previous_key_id = 0;   // signed its predecessor; without meaning at generation 0
    instant created_at;
    instant last_seen_at;
    instant expires_at;                 // absolute
    std::optional<instant> first_used_at;  // of the current generation, since it was last handed out again (K3)
    bool predecessor_dead = true;
    acknowledgement acknowledged;           // by the current generation
    acknowledgement previous_acknowledged;  // by its predecessor
    proof_digest proof{};           // of the current generation
    proof_digest previous_proof{};  // of its predecessor

    friend bool operator==(const session_record&, const session_record&) = default;
};

struct tombstone {
    errc reason = errc::session_revoked;
    instant ended_at;

    friend bool operator==(const tombstone&, const tombstone&) = default;
};

std::string format_record(const session_record& record);
std::string format_tombstone(const tombstone& ended);

// errc::redis_protocol when `text` is neither.
result<std::variant<session_record, tombstone>> parse_record(std::string_view text);

}  // namespace stagedoor::session
