#include "notify-service/src/session/session_check.hpp"

#include <span>
#include <variant>

#include "common/core/secrets.hpp"
#include "common/session/session_record.hpp"

namespace stagedoor::notify {
namespace {

using session::session_record;
using session::tombstone;

constexpr refusal unclear{close_code::session_unclear, errc::session_unknown};
constexpr refusal stale_token{close_code::session_unclear, errc::session_token_reused};
constexpr refusal forged{close_code::session_over, errc::session_invalid};

// What is read from Redis, or why it cannot be judged.
struct judged_parts {
    session_record record;
    user_facts facts;
};
verdict<judged_parts> take_apart(const stored_session& stored) {
    if (!stored.record) return unclear;
    const auto parsed = session::parse_record(*stored.record);
    if (!parsed) return unclear;
    if (const auto* const ended = std::get_if<tombstone>(&*parsed)) return refusal_for_end(ended->reason);

    if (!stored.snapshot) return unclear;
    auto facts = parse_snapshot(*stored.snapshot);
    if (!facts) return unclear;
    const auto& record = std::get<session_record>(*parsed);
    if (session::is_behind(*facts, record)) return unclear;
    return judged_parts{record, *std::move(facts)};
}

// A node without keys knows a token by its digest in the record: the current generation's, or its predecessor's.
std::optional<refusal> prove_by_record(const credential& presented, const session_record& record) noexcept {
    const auto generation = presented.token.claims.generation;
    const bool current = generation == record.generation;
    const bool predecessor = std::uint64_t{generation} + 1 == record.generation;
    if (!current && !predecessor) return unclear;
    const auto& expected = current ? record.proof : record.previous_proof;
    const auto digest = session::digest_of(presented.token.proof);
    if (!equal_in_constant_time(std::span{digest}, std::span{expected})) return forged;
    return std::nullopt;
}

verdict<admission> judge(judged_parts parts, const session::session_ref& who, std::uint32_t generation,
                         session::moment at, const session::timeouts& limits) {
    const auto& [record, facts] = parts;
    const auto standing = session::judge(record, who, generation, facts, at, limits);
    if (!standing) {
        const auto why = to_errc(standing.error());
        if (why == errc::session_token_reused) return stale_token;
        // Epochs never fall, and one that is kept is kept from its first version on: a session of an epoch that is dead
        // in some snapshot is dead in every later one. Its user may have been reinstated since, but it is not back.
        const bool suspended = facts.status == user_status::suspended;
        const bool dead = !session::epoch_lives(record.epoch, who.session, facts);
        // Whatever else is wrong with it: sign-in is not open to a suspended user, which is what to tell (N7).
        if (suspended && dead) return refusal{close_code::account_suspended, errc::account_suspended};
        // Suspending raises the epoch (T3). So a session that began in this one did after a reinstatement, and the
        // snapshot is from before it.
        if (suspended && why == errc::session_revoked) return unclear;
        return refusal{close_code::session_over, why};
    }
    return admission{std::move(parts.facts), record.epoch, record.expires_at,
                     session::idle_expiry(record, at.since, limits)};
}

}  // namespace

credentials find_credentials(std::string_view cookie_header, std::string_view cookie_name,
                             const session::key_ring* keys) {
    credentials all;
    for (const auto text : find_cookies(cookie_header, cookie_name)) {
        all.refused = forged;
        const auto token = session::parse_token(text);
        if (!token) continue;
        const bool genuine = keys && session::is_genuine(*keys, *token);
        if (keys && !genuine) continue;
        all.found[all.count++] = credential{*token, genuine};
        if (all.count == all.found.size()) break;
    }
    return all;
}

verdict<admission> check_request(const credential& presented, const stored_session& stored, session::moment at,
                                 const session::timeouts& limits) {
    auto parts = take_apart(stored);
    if (!parts) return parts.error();
    if (!presented.genuine) {
        const auto refused = prove_by_record(presented, parts->record);
        if (refused) return *refused;
    }
    return judge(*std::move(parts), presented.who(), presented.token.claims.generation, at, limits);
}

verdict<admission> check_again(const session::session_ref& who, const stored_session& stored, session::moment at,
                               const session::timeouts& limits) {
    auto parts = take_apart(stored);
    if (!parts) return parts.error();
    const auto generation = parts->record.generation;
    return judge(*std::move(parts), who, generation, at, limits);
}

std::optional<refusal> check_letter(const letter& head, const session_id& session, std::int64_t epoch) noexcept {
    if (head.epoch <= epoch) return std::nullopt;
    if (head.kept_session == session && head.kept_epoch == head.epoch) return std::nullopt;
    if (head.status == user_status::suspended) return refusal{close_code::account_suspended, errc::account_suspended};
    return refusal{close_code::session_over, errc::session_revoked};
}

std::int64_t change_that_ended(std::span<const std::string> letters, const session_id& session, std::int64_t epoch) {
    for (const auto& text : letters) {
        const auto news = parse_letter(text);
        const bool ends = news && check_letter(*news, session, epoch);
        if (ends) return news->version;
    }
    return 0;
}

refusal refusal_for_end(errc reason) noexcept {
    if (reason == errc::account_suspended) return {close_code::account_suspended, reason};
    return {close_code::session_over, reason};
}

refusal more_hopeful(const refusal& a, const refusal& b) noexcept {
    const auto hope = [](const refusal& r) { return rule_of(r.code).advice == reconnect::never ? 0 : 1; };
    return hope(b) > hope(a) ? b : a;
}

}  // namespace stagedoor::notify
