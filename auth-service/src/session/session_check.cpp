#include "auth-service/src/session/session_check.hpp"

#include "common/core/limits.hpp"

namespace stagedoor::session {
namespace {

// Compare-and-set loses only to another write that won, so a handful of looks is enough.
constexpr int looks = 8;

// A tombstone that was sent so long ago has been heard of by every cache: half a second (C3), and as much for its way to a
// Redis that is believed, and for clocks.
constexpr auto certainly_settled = 2 * limits::cache_lease;

bool is_over(const boost::system::error_code& why) noexcept { return problem_of(to_errc(why)).status == 401; }

bool is_redis_away(const boost::system::error_code& why) noexcept {
    return to_errc(why) == errc::redis_unavailable || to_errc(why) == errc::redis_protocol;
}

// A full queue to Redis is Redis being away; errc::overloaded is left to the database.
errc redis_away(const boost::system::error_code& why) noexcept {
    return is_redis_away(why) ? to_errc(why) : errc::redis_unavailable;
}

// What the ledger can say of a record: the session as at its beginning, seen now.
principal as_principal(ledger_state state) {
    session_record record;
    record.epoch = state.entry.epoch;
    record.created_at = state.entry.created_at;
    record.last_seen_at = state.read_at;
    record.expires_at = state.entry.expires_at;
    record.acknowledged.status = state.entry.status_at_sign_in;
    record.previous_acknowledged.status = state.entry.status_at_sign_in;
    return {state.entry.who, std::move(state.facts), std::move(record), standing::current, {}, true};
}

}  // namespace

runtime::task<result<principal>> session_check::check(token_claims claims, deadline_time by) {
    const session_ref who{claims.user, claims.session};
    const bool believed = node_.trust.holds();
    if (believed) {
        auto told = co_await ask_redis(claims, by);
        if (told || !is_redis_away(told.error())) co_return told;
    }
    auto told = co_await ask_ledger(who, believed, by);
    if (told || is_over(told.error())) ++(believed ? node_.ledger.no_reply : node_.ledger.untrusted);
    co_return told;
}

runtime::task<result<principal>> session_check::ask_redis(token_claims claims, deadline_time by) {
    const session_ref who{claims.user, claims.session};
    for (int look = 0; look < looks; ++look) {
        auto loaded = co_await store_.load(who, by);
        if (!loaded) co_return redis_away(loaded.error());
        if (!loaded->value) {
            auto settled = co_await rebuild(claims, by);
            if (settled) co_return std::move(*settled);
            continue;
        }
        auto settled = co_await judge_stored(claims, std::move(*loaded), by);
        if (settled) co_return std::move(*settled);
    }
    co_return errc::redis_unavailable;  // others write to it all the time: let the ledger tell
}

runtime::task<session_check::verdict> session_check::judge_stored(token_claims claims, stored_session loaded,
                                                                  deadline_time by) {
    const session_ref who{claims.user, claims.session};
    if (const auto* const buried = std::get_if<tombstone>(&*loaded.value)) {
        const auto why = buried->reason;
        if (store_.now() - buried->ended_at >= certainly_settled) {
            node_.unheard.heard(who);
        } else if (!node_.unheard.note(who)) {
            co_return verdict{errc::overloaded};
        } else {
            co_await settle(who, by);
        }
        co_return verdict{why};
    }
    auto& record = std::get<session_record>(*loaded.value);

    const bool outdated = !loaded.facts || is_behind(*loaded.facts, record) ||
                          node_.told.may_outdate(who.user, loaded.facts->version, node_.trust.as_of());
    if (outdated) {
        auto facts = co_await fresh_facts(who.user, by);
        if (!facts) co_return verdict{facts.error()};
        loaded.facts = std::move(*facts);
    }

    const auto at = store_.at();
    const auto judged = judge(record, who, claims.generation, *loaded.facts, at, limits_);
    if (!judged) {
        const auto why = to_errc(judged.error());
        const bool ends_now = why == errc::session_expired_idle || why == errc::session_token_reused;
        if (ends_now) {
            const auto ended = co_await end(who, why, by);
            if (!ended) co_return verdict{ended.error()};
        }
        if (why != errc::session_revoked) co_return verdict{why};
        auto confirmed = co_await confirm_dead(who, by);
        co_return confirmed;
    }
    if (*judged == standing::ahead) {
        auto forward = moved_forward(keys_, who, record, claims.generation, claims.key_id);
        const auto swapped = co_await store_.swap(who, std::move(loaded.stored), std::move(forward), by);
        if (!swapped) co_return verdict{redis_away(swapped.error())};
        co_return std::nullopt;
    }
    principal found{who, std::move(*loaded.facts), std::move(record), *judged, std::move(loaded.stored)};
    auto next = after_use(found.record, found.where, at, limits_);
    if (!next) co_return verdict{std::move(found)};
    auto used = co_await touched(std::move(found), std::move(*next), by);
    co_return verdict{std::move(used)};
}

runtime::task<session_check::verdict> session_check::confirm_dead(session_ref who, deadline_time by) {
    auto state = co_await ask_and_bury(who, by);
    if (!state) co_return verdict{state.error()};
    const auto won = co_await store_.put_snapshot(state->facts, by);
    if (won && epoch_lives(state->entry.epoch, who.session, *won) && won->status != user_status::suspended) {
        co_return std::nullopt;
    }
    co_return verdict{as_principal(std::move(*state))};
}

// Notes the use. Losing this race means that somebody else has noted one: the verdict stands. A lost link as well.
runtime::task<result<principal>> session_check::touched(principal found, session_record next, deadline_time by) {
    const auto swapped = co_await store_.swap(found.who, found.stored, next, by);
    if (swapped && *swapped) {
        found.stored = format_record(next);
        found.record = std::move(next);
    }
    co_return found;
}

// The place is held first and the ledger read after it: whoever ends the session later buries what is held, or finds it
// gone, and the swap then fails. So no record is left of what has ended, however long a node stands still in here (K2).
// The snapshot is put before the record: in a Redis that was wiped since a change was told, whoever finds a record finds
// facts beside it that were read after the wipe, whatever older ones somebody else had under way (K8).
runtime::task<session_check::verdict> session_check::rebuild(token_claims claims, deadline_time by) {
    const session_ref who{claims.user, claims.session};
    auto held = co_await store_.hold(who, by);
    if (!held) co_return verdict{redis_away(held.error())};
    if (!*held) co_return std::nullopt;

    auto state = co_await ask_and_bury(who, by);
    if (!state) co_return verdict{state.error()};
    const auto& entry = state->entry;
    const ledger_facts ledger{entry.epoch, entry.status_at_sign_in, entry.created_at, entry.expires_at};
    auto record = rebuilt_record(keys_, who, ledger, claims.generation, claims.key_id, store_.now());
    const auto snapshot = co_await store_.put_snapshot(std::move(state->facts), by);
    if (!snapshot) co_return verdict{redis_away(snapshot.error())};
    const auto put = co_await store_.swap(who, std::move(**held), std::move(record), by);
    if (!put) co_return verdict{redis_away(put.error())};
    co_return std::nullopt;
}

runtime::task<void> session_check::introduce(token_claims claims, deadline_time by) {
    co_await rebuild(claims, by);
}

runtime::task<result<ledger_state>> session_check::ask_and_bury(session_ref who, deadline_time by) {
    auto state = co_await in_ledger_.ask(who);
    if (!state && is_over(state.error())) co_await bury(who, to_errc(state.error()), by);
    co_return state;
}

// Saves the next one a read of the ledger, and this one the wait until the end is final. So it may fail.
runtime::task<void> session_check::bury(session_ref who, errc reason, deadline_time by) {
    const auto buried = co_await store_.bury(who, reason, by);
    if (buried) co_await settle(who, by);
}

runtime::task<void> session_check::settle(session_ref who, deadline_time by) {
    const auto settled = co_await store_.settle(by);
    if (settled && node_.trust.holds()) node_.unheard.heard(who);
}

runtime::task<result<user_facts>> session_check::fresh_facts(user_id user, deadline_time by) {
    auto facts = co_await users_.find(user);
    if (!facts) co_return to_errc(facts.error()) == errc::not_found ? errc::session_unknown : to_errc(facts.error());
    auto won = co_await store_.put_snapshot(*facts, by);
    if (won) co_return won;
    node_.told.remember(user, facts->version);
    co_return facts;
}

runtime::task<result<void>> session_check::end(session_ref who, errc reason, deadline_time by) {
    user::actor the_check{"session"};
    const auto committed = co_await ledger_.end(who, reason, std::move(the_check));
    if (!committed) co_return committed.error();
    if (!node_.unheard.note(who)) co_return errc::overloaded;
    co_await bury(who, reason, by);
    co_return result<void>{};
}

runtime::task<result<principal>> session_check::ask_ledger(session_ref who, bool believed, deadline_time by) {
    // A Redis that is believed has answered something all the same, when others are under way with this session.
    auto asking = believed ? ask_and_bury(who, by) : in_ledger_.ask(who);
    auto state = co_await std::move(asking);
    if (!state) co_return state.error();
    co_return as_principal(std::move(*state));
}

runtime::task<errc> session_check::why_over(session_ref who, deadline_time by) {
    const auto told = co_await ask_ledger(who, node_.trust.holds(), by);
    co_return told ? errc::overloaded : to_errc(told.error());
}

}  // namespace stagedoor::session
