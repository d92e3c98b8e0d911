// Every key and channel in Redis, with its type and time to live. All keys of one user carry the same hash tag, so that
// each script and each MGET stays in one slot of a cluster. proto-docs/redis-schema.md tells the same to operators.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/core/uuid.hpp"

namespace stagedoor {

class redis_schema {
public:
    // `prefix` is the first part of every key: 1..32 characters out of [a-z0-9_-].
    explicit redis_schema(std::string_view prefix = "stagedoor") : prefix_{prefix} {}

    // string, JSON: the newest facts of the user. No TTL: made again from the database when missing.
    std::string user(const user_id& user) const { return of_user(user, "user"); }

    // string: a session's record (TTL: its remaining absolute time) or its tombstone (TTL: limits::tombstone_ttl).
    std::string session(const user_id& user, const session_id& session) const {
        std::string key = of_user(user, "session:");
        append_uuid(key, session.bytes);
        return key;
    }

    // What SCAN matches: the session keys of everybody.
    std::string all_sessions() const { return prefix_ + ":{*}:session:*"; }

    // stream and channel of one name: the user's letters. No TTL (an expired stream forgets its last id, R2);
    // at most limits::stream_entries entries. The channel carries control messages too.
    std::string events(const user_id& user) const { return of_user(user, "events"); }

    // hash: what the user's sockets were given and have acknowledged (common/core/receipt.hpp); at most
    // limits::receipt_lines, TTL limits::receipt_ttl since the last word of a node (N9).
    std::string receipts(const user_id& user) const { return of_user(user, "receipts"); }
    // string: that a holder of sockets (receipt.hpp) lives (TTL: limits::receipt_holder_ttl). Without it nobody believes
    // that its sockets are open.
    std::string holder(std::string_view name) const { return prefix_ + ":{holder:" + std::string{name} + "}"; }

    // stream and channel: events for admins' consoles, at most limits::admin_stream_entries.
    std::string admin_events() const { return prefix_ + ":{admins}:events"; }
    // sorted set of event ids that are in the admins' stream, by time: refuses repeats at the writer (R3).
    std::string admin_seen() const { return prefix_ + ":{admins}:seen"; }
    // string: names this life of the admins' stream; part of its cursor (R3).
    std::string admin_incarnation() const { return prefix_ + ":{admins}:incarnation"; }

    // string: what this Redis says of its own data (common/core/fence.hpp). No TTL: without it the data is replayed (R6).
    std::string fence() const { return prefix_ + ":{fence}"; }

    // string: a rate limit; when all that was used will have come back, in microseconds (TTL: until then). `hash`: of whom
    // it limits, under a key.
    std::string limit(std::string_view kind, std::string_view hash) const {
        return prefix_ + ":{limit:" + std::string{kind} + ":" + std::string{hash} + "}";
    }

    // channel: a node asks itself whether its subscriptions still deliver (N4).
    std::string probe(std::string_view node) const { return prefix_ + ":{probe}:" + std::string{node}; }

    // Whom a key speaks of: a session, or with its snapshot a user and so all of the user's sessions. Nothing for any
    // other key.
    struct subject {
        user_id user;
        std::optional<session_id> session;
    };
    std::optional<subject> subject_of(std::string_view key) const noexcept {
        constexpr std::string_view snapshot = "user", record = "session:";
        if (!key.starts_with(prefix_)) return std::nullopt;
        key.remove_prefix(prefix_.size());
        if (key.size() < uuid_text_size + 4 || !key.starts_with(":{")) return std::nullopt;
        const auto user = user_id::parse(key.substr(2, uuid_text_size));
        auto rest = key.substr(2 + uuid_text_size);
        if (!user || !rest.starts_with("}:")) return std::nullopt;
        rest.remove_prefix(2);
        if (rest == snapshot) return subject{*user, std::nullopt};
        if (!rest.starts_with(record)) return std::nullopt;
        const auto session = session_id::parse(rest.substr(record.size()));
        if (!session) return std::nullopt;
        return subject{*user, *session};
    }

    const std::string& prefix() const noexcept { return prefix_; }

private:
    std::string of_user(const user_id& user, std::string_view what) const {
        std::string key;
        key.reserve(prefix_.size() + 48 + uuid_text_size + what.size());
        key.append(prefix_).append(":{");
        append_uuid(key, user.bytes);
        key.append("}:").append(what);
        return key;
    }

    std::string prefix_;
};

}  // namespace stagedoor
