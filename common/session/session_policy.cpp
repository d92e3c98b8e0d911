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
    record.previous_acknowledged.told.reset();
    return true;
}

struct telling {
    bool changed = false;
    user_status previous = user_status::pending;
};

// K5. As long as something told is not acknowledged, nobody knows which status the other side knows, so every answer says
// that it has changed: also of one that has come back to what was acknowledged.
telling tell(acknowledgement& to, const user_facts& facts, std::optional<instant> at) noexcept {
    auto& told = to.told;
    if (told && told->status == facts.status) {
        if (!told->at) told->at = at;
        return {true, told->previous};
    }
    if (!told && facts.status == to.status) return {false, to.status};
    const auto previous = facts.status == to.status ? told->status : to.status;
    told = told_status{facts.status, facts.version, previous, at};
    return {true, previous};
}

void acknowledge(acknowledgement& known, const user_facts& facts, std::optional<std::int64_t> ack_version,
                 instant now) noexcept {
    const auto& told = known.told;
    if (!told) return;
    if (ack_version >= facts.version) {
        known = {facts.status, {}};
        return;
    }
    if (ack_version > told->version) return;  // of a change in between, which was pushed: nobody here knows its status
    const bool heard_of = told->at && now - *told->at >= limits::acknowledge_after;
    if (heard_of || ack_version == told->version) known = {told->status, {}};
}

// A predecessor that comes again has not had the answer, however long ago that was.
acknowledgement only_by_version(acknowledgement known) noexcept {
    if (known.told) known.told->at.reset();
    return known;
}

// True when Redis may have lost that this generation has been rotated before: then whoever presents the next one may have
// it from that time. Later than a grace after the return, nobody does.
bool may_be_repeated(const session_record& record, moment at) noexcept {
    return record.created_at <= at.since && at.now - at.since < limits::rotation_grace;
}

void rotate(session_record& record, const key_ring& keys, const session_ref& who, user_status told, moment at) {
    const bool repeated = may_be_repeated(record, at);
    record.previous_proof = record.proof;
    record.previous_key_id = record.key_id;
    record.acknowledged = record.previous_acknowledged = only_by_version(record.acknowledged);
    record.generation += 1;
    record.key_id = keys.signing_key_id();
    record.proof = digest_for(keys, who, record.generation, record.key_id);
    record.first_used_at.reset();
    record.predecessor_dead = false;
    // Whoever presents the new generation has read the answer that carried it, and with it this status.
    if (!repeated) record.acknowledged = {told, {}};
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
    record.acknowledged.status = facts.status;
    record.previous_acknowledged.status = facts.status;
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
    record.acknowledged.status = ledger.status_at_sign_in;
    record.previous_acknowledged.status = ledger.status_at_sign_in;
    set_generation(record, keys, who, generation, key_id);
    return record;
}

session_record moved_forward(const key_ring& keys, const session_ref& who, session_record record,
                             std::uint32_t generation, std::uint8_t key_id) {
    record.acknowledged = only_by_version(record.acknowledged);  // told to an earlier generation
    record.previous_acknowledged = record.acknowledged;
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

token_claims current_token(const session_ref& who, const session_record& record) noexcept {
    return {record.key_id, who.user, who.session, record.generation};
}

refresh_outcome refresh(const key_ring& keys, const session_ref& who, const session_record& record, standing where,
                        const user_facts& facts, std::optional<std::int64_t> ack_version, moment at) {
    refresh_outcome outcome{record, std::nullopt, false, user_status::pending};
    auto& next = outcome.record;
    const auto say = [&](const telling& what) {
        outcome.status_changed = what.changed;
        outcome.previous_status = what.previous;
    };

    if (where == standing::predecessor) {
        next.first_used_at.reset();  // handed out again: its first use is still to come
        outcome.hand_out = next.generation;
        acknowledge(next.previous_acknowledged, facts, ack_version, at.now);
        say(tell(next.previous_acknowledged, facts, std::nullopt));
        // Whoever presents the current token next may have it from this answer, or from an earlier one.
        tell(next.acknowledged, facts, std::nullopt);
        return outcome;
    }

    acknowledge(next.acknowledged, facts, ack_version, at.now);
    say(tell(next.acknowledged, facts, at.now));
    if (next.predecessor_dead) {
        rotate(next, keys, who, facts.status, at);
        outcome.hand_out = next.generation;
    } else {
        // A tab's request that is late, by the predecessor, belongs to a browser that may have this answer already.
        tell(next.previous_acknowledged, facts, std::nullopt);
    }
    return outcome;
}

}  // namespace stagedoor::session
