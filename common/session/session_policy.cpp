#include "common/session/session_policy.hpp"

#include <algorithm>

namespace stagedoor::session {
namespace {

proof_digest digest_for(const key_ring& keys, const session_ref& who, std::uint32_t generation, std::uint8_t key_id) {
    const auto proof = prove(keys, token_claims{key_id, who.user, who.session, generation});
    return proof ? digest_of(*proof) : proof_digest{};
}

// The predecessor counts as alive and the current generation as not yet used: safe after any loss (K2).
void set_generation(session_record& record, const key_ring& keys, const session_ref& who, std::uint32_t generation,
                    std::uint8_t key_id) {
    record.generation = generation;
    record.key_id = key_id;
    record.previous_key_id = key_id;
    record.first_used_at.reset();
    record.predecessor_dead = generation == 0;
    record.proof = digest_for(keys, who, generation, key_id);
    record.previous_proof = generation == 0 ? proof_digest{} : digest_for(keys, who, generation - 1, key_id);
}

bool note_use_of_current(session_record& record, moment at, std::chrono::milliseconds grace) noexcept {
    if (!record.first_used_at || *record.first_used_at < at.since) {
        record.first_used_at = at.now;
        return true;
    }
    if (record.predecessor_dead || at.now - *record.first_used_at < grace) return false;
    record.predecessor_dead = true;
    return true;
}

void rotate(session_record& record, const key_ring& keys, const session_ref& who, user_status told) {
    record.previous_proof = record.proof;
    record.previous_key_id = record.key_id;
    record.previous_acknowledged = record.acknowledged;
    record.generation += 1;
    record.key_id = keys.signing_key_id();
    record.proof = digest_for(keys, who, record.generation, record.key_id);
    record.first_used_at.reset();
    record.predecessor_dead = false;
    // Whoever presents the new generation has read the answer that carried it, and with it this status.
    record.acknowledged = told;
    record.told.reset();
}

}  // namespace

bool epoch_lives(std::int64_t epoch, const session_id& session, const user_facts& facts) noexcept {
    if (epoch == facts.epoch) return true;
    return facts.kept_session == session && facts.kept_epoch == facts.epoch;
}

result<standing> judge(const session_record& record, const session_ref& who, std::uint32_t generation,
                       const user_facts& facts, moment at, const timeouts& limits) noexcept {
    if (at.now >= record.expires_at) return errc::session_expired_absolute;
    if (at.now >= idle_expiry(record, at.since, limits)) return errc::session_expired_idle;
    if (!epoch_lives(record.epoch, who.session, facts)) return errc::session_revoked;
    if (facts.status == user_status::suspended) return errc::session_revoked;
    if (generation == record.generation) return standing::current;
    if (generation > record.generation) return standing::ahead;
    if (generation + 1 == record.generation && !record.predecessor_dead) return standing::predecessor;
    return errc::session_token_reused;
}

instant idle_expiry(const session_record& record, instant since, const timeouts& limits) noexcept {
    return std::max(record.last_seen_at, since) + limits.idle;
}

session_record first_record(const key_ring& keys, const session_ref& who, const user_facts& facts, instant now,
                            const timeouts& limits) {
    session_record record;
    record.epoch = facts.epoch;
    record.created_at = now;
    record.last_seen_at = now;
    record.expires_at = now + limits.absolute;
    record.acknowledged = facts.status;
    record.previous_acknowledged = facts.status;
    set_generation(record, keys, who, 0, keys.signing_key_id());
    return record;
}

session_record rebuilt_record(const key_ring& keys, const session_ref& who, const ledger_facts& ledger,
                              std::uint32_t generation, std::uint8_t key_id, instant now) {
    session_record record;
    record.epoch = ledger.epoch;
    record.created_at = ledger.created_at;
    record.last_seen_at = now;
    record.expires_at = ledger.expires_at;
    record.acknowledged = ledger.status_at_sign_in;
    record.previous_acknowledged = ledger.status_at_sign_in;
    set_generation(record, keys, who, generation, key_id);
    return record;
}

session_record moved_forward(const key_ring& keys, const session_ref& who, session_record record,
                             std::uint32_t generation, std::uint8_t key_id) {
    record.previous_acknowledged = record.acknowledged;
    record.told.reset();
    set_generation(record, keys, who, generation, key_id);
    return record;
}

std::optional<session_record> after_use(const session_record& record, standing where, moment at,
                                        const timeouts& limits) noexcept {
    auto next = record;
    bool worth_a_write = where == standing::current && note_use_of_current(next, at, limits.grace);
    const auto interval = std::min<std::chrono::milliseconds>(limits::touch_interval, limits.idle / 4);
    if (at.now - record.last_seen_at >= interval) worth_a_write = true;
    if (!worth_a_write) return std::nullopt;
    next.last_seen_at = std::max(at.now, record.last_seen_at);
    return next;
}

refresh_outcome refresh(const key_ring& keys, const session_ref& who, const session_record& record, standing where,
                        const user_facts& facts, std::optional<std::int64_t> ack_version, moment at) {
    refresh_outcome outcome{record, std::nullopt, false, record.acknowledged};
    auto& next = outcome.record;

    if (where == standing::predecessor) {
        next.first_used_at.reset();  // handed out again: its first use is still to come
        outcome.hand_out = next.generation;
        outcome.previous_status = next.previous_acknowledged;
        outcome.status_changed = facts.status != outcome.previous_status;
        return outcome;
    }

    if (next.told && (at.now - next.told->at >= limits::acknowledge_after || ack_version >= next.told->version)) {
        next.acknowledged = next.told->status;
        next.told.reset();
    }
    outcome.previous_status = next.acknowledged;
    outcome.status_changed = facts.status != next.acknowledged;

    if (next.predecessor_dead) {
        rotate(next, keys, who, facts.status);
        outcome.hand_out = next.generation;
    } else if (outcome.status_changed && (!next.told || next.told->status != facts.status)) {
        next.told = told_status{facts.status, facts.version, at.now};
    }
    return outcome;
}

}  // namespace stagedoor::session
