// A signed-in user for tests, as auth-service would have stored it in Redis.
#pragma once

#include <optional>
#include <string>

#include "common/core/event.hpp"
#include "common/core/secrets.hpp"
#include "common/session/session_policy.hpp"
#include "common/session/session_record.hpp"
#include "notify-service/src/session/session_check.hpp"

namespace stagedoor::notify::test {

inline const instant now = from_unix_ms(1'800'000'000'000);
inline const session::timeouts timeouts{std::chrono::hours{24}, std::chrono::days{14}};
inline constexpr std::string_view cookie_name = "c";

struct signed_in {
    session::key_ring keys;
    session::session_ref who{user_id{make_uuid_v7()}, session_id{make_uuid_v4()}};
    user_facts facts;
    session::session_record record;
    std::optional<errc> ended;  // a tombstone is there instead
    bool record_missing = false;
    bool snapshot_missing = false;

    signed_in() {
        init_crypto();
        std::string complaint;
        keys = *session::key_ring::parse(session::key_ring::make_file_text(), complaint);
        facts.id = who.user;
        facts.email = "a@example.com";
        facts.display_name = "A";
        facts.version = 3;
        record = session::first_record(keys, who, facts, now - std::chrono::hours{1}, timeouts);
    }

    std::string token(std::uint32_t generation = 0) const {
        const session::token_claims claims{keys.signing_key_id(), who.user, who.session, generation};
        return session::format_token(claims, *session::prove(keys, claims));
    }
    std::string cookie(std::uint32_t generation = 0) const {
        return std::string{cookie_name} + "=" + token(generation);
    }
    // As after so many refreshes.
    void rotate_to(std::uint32_t generation) {
        record = session::moved_forward(keys, who, record, generation, keys.signing_key_id());
    }

    std::optional<std::string> stored_record() const {
        if (record_missing) return std::nullopt;
        return ended ? session::format_tombstone({*ended, now}) : session::format_record(record);
    }
    std::optional<std::string> stored_snapshot() const {
        if (snapshot_missing) return std::nullopt;
        return to_snapshot_json(facts);
    }

    // The letter that made the user what it is now.
    std::string letter_text(std::string_view kind = "updated") const {
        user_event event;
        event.kind = kind;
        event.facts = facts;
        event.at = now;
        return to_letter(event);
    }
};

}  // namespace stagedoor::notify::test
