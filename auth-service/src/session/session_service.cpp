#include "auth-service/src/session/session_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

// Compare-and-set loses only to another write that won, so a handful of tries is enough for a check; a refresh may
// meet as many rivals as the browser has tabs.
constexpr int check_attempts = 8;
constexpr int refresh_attempts = 64;

bool is_outage(errc error) noexcept { return problem_of(error).status >= 500; }

}  // namespace

runtime::task<result<principal>> session_service::authenticate(std::string_view cookie_header,
                                                                std::optional<session_ref>* seen) {
    if (const auto known = recognise(cookie_header)) {
        if (seen) *seen = known->who;
        co_return principal{known->who, known->what->facts, known->what->record, known->where, {}};
    }
    auto loaded = co_await authenticate_anew(cookie_header, seen);
    co_return loaded;
}

runtime::task<result<principal>> session_service::authenticate_anew(std::string_view cookie_header,
                                                                     std::optional<session_ref>* seen) {
    errc why = errc::no_session;
    for (const auto value : find_cookies(cookie_header, cookie_.name())) {
        const auto token = parse_token(value);
        if (!token || !is_genuine(keys_, *token)) {
            if (why == errc::no_session) why = errc::session_invalid;
            continue;
        }
        if (seen) *seen = session_ref{token->claims.user, token->claims.session};
        auto checked = co_await check(token->claims);
        if (checked) co_return checked;
        why = to_errc(checked.error());
        if (is_outage(why)) co_return why;
    }
    co_return why;
}

std::optional<session_service::recognised> session_service::recognise(std::string_view cookie_header) {
    for (const auto value : find_cookies(cookie_header, cookie_.name())) {
        const auto token = parse_token(value);
        if (!token) continue;
        const auto& claims = token->claims;
        const session_ref who{claims.user, claims.session};
        auto* const known = store_.recall(who);
        if (!known) return std::nullopt;
        if (!known->genuine || !are_same(*known->genuine, *token)) {
            if (!is_genuine(keys_, *token)) continue;
            known->genuine = *token;
        }
        const auto at = store_.at();
        const auto verdict = judge(known->record, who, claims.generation, known->facts, at, limits_);
        const bool goes_on = verdict && *verdict != standing::ahead;
        if (!goes_on || after_use(known->record, *verdict, at, limits_)) return std::nullopt;
        return recognised{who, known, *verdict};
    }
    return std::nullopt;
}

runtime::task<result<principal>> session_service::check(token_claims claims) {
    const session_ref who{claims.user, claims.session};
    for (int attempt = 0; attempt < check_attempts; ++attempt) {
        auto loaded = co_await store_.load(who);
        if (!loaded) co_return loaded.error();
        if (!loaded->value) {
            const auto rebuilt = co_await rebuild(claims);
            if (!rebuilt) co_return rebuilt.error();
            continue;
        }
        if (const auto* const buried = std::get_if<tombstone>(&*loaded->value)) co_return buried->reason;
        auto& record = std::get<session_record>(*loaded->value);

        if (!loaded->facts || is_behind(*loaded->facts, record)) {
            auto facts = co_await load_facts(who.user);
            if (!facts) co_return facts.error();
            loaded->facts = std::move(*facts);
        }

        const auto at = store_.at();
        const auto verdict = judge(record, who, claims.generation, *loaded->facts, at, limits_);
        if (!verdict) {
            const auto why = to_errc(verdict.error());
            if (why == errc::session_expired_idle || why == errc::session_token_reused) {
                const auto committed = co_await end(who, why);  // in the ledger before it is told
                if (!committed) co_return committed.error();
            }
            co_return why;
        }
        if (*verdict == standing::ahead) {
            auto forward = moved_forward(keys_, who, record, claims.generation, claims.key_id);
            const auto swapped = co_await store_.swap(who, std::move(loaded->stored), std::move(forward));
            if (!swapped) co_return swapped.error();
            continue;
        }

        principal found{who, std::move(*loaded->facts), std::move(record), *verdict, std::move(loaded->stored)};
        if (auto touched = after_use(found.record, found.where, at, limits_)) {
            // Losing this race means that somebody else noted a use: the verdict stands. A lost link as well.
            const auto swapped = co_await store_.swap(who, found.stored, *touched);
            if (swapped && *swapped) {
                found.stored = format_record(*touched);
                found.record = std::move(*touched);
            }
        }
        co_return found;
    }
    co_return errc::overloaded;
}

runtime::task<result<void>> session_service::rebuild(token_claims claims) {
    const session_ref who{claims.user, claims.session};
    auto found = co_await ledger_.find(who);
    if (!found) co_return found.error();

    errc why{};
    if (!*found) {
        why = errc::session_unknown;
    } else if ((*found)->ended) {
        why = *(*found)->ended;
    }
    if (why != errc{}) {
        const auto buried = co_await store_.bury(who, why);
        if (!buried) co_return buried.error();
        co_return why;
    }

    const auto& entry = (*found)->entry;
    const auto& facts = (*found)->facts;
    const auto now = store_.now();
    if (now >= entry.expires_at) co_return errc::session_expired_absolute;
    if (!epoch_lives(entry.epoch, who.session, facts)) co_return errc::session_revoked;
    if (facts.status == user_status::suspended) co_return errc::session_revoked;

    const ledger_facts ledger{entry.epoch, entry.status_at_sign_in, entry.created_at, entry.expires_at};
    auto record = rebuilt_record(keys_, who, ledger, claims.generation, claims.key_id, now);
    const auto put = co_await store_.put_new(who, std::move(record));
    if (!put) co_return put.error();
    const auto snapshot = co_await store_.put_snapshot(facts);
    if (!snapshot) co_return snapshot.error();

    // It may have ended between the read and the write: whoever ended it then found nothing to bury.
    const auto again = co_await ledger_.find(who);
    if (!again) co_return again.error();
    if (*again && !(*again)->ended) co_return result<void>{};
    why = *again ? *(*again)->ended : errc::session_unknown;
    const auto buried = co_await store_.bury(who, why);
    if (!buried) co_return buried.error();
    co_return why;
}

runtime::task<result<user_facts>> session_service::load_facts(user_id user) {
    auto facts = co_await users_.find(user);
    if (!facts) co_return to_errc(facts.error()) == errc::not_found ? errc::session_unknown : to_errc(facts.error());
    auto won = co_await store_.put_snapshot(std::move(*facts));
    co_return won;
}

runtime::task<result<void>> session_service::end(session_ref who, errc reason) {
    const auto committed = co_await ledger_.end(who, reason, "session");
    if (!committed) co_return committed.error();
    const auto buried = co_await store_.bury(who, reason);
    co_return buried;
}

session_cookie_value session_service::cookie_of(const session_ref& who, const session_record& record) const {
    const token_claims claims{record.key_id, who.user, who.session, record.generation};
    // The key is there: it is the signing key, or the one that a genuine token was just checked with.
    const auto proof = prove(keys_, claims).value_or(token_proof{});
    const auto left = std::max(record.expires_at - store_.now(), std::chrono::milliseconds{0});
    return {format_token(claims, proof), std::chrono::ceil<std::chrono::seconds>(left), who};
}

runtime::task<result<signed_in>> session_service::sign_in(user_facts facts, device from) {
    const session_ref who{facts.id, session_id{make_uuid_v4()}};
    const auto record = first_record(keys_, who, facts, store_.now(), limits_);

    ledger_entry entry{who,
                       record.epoch,
                       facts.status,
                       record.created_at,
                       record.expires_at,
                       std::move(from.user_agent),
                       std::move(from.address)};
    auto begun = co_await ledger_.begin(std::move(entry), per_user_);
    if (!begun) co_return begun.error();
    // The session exists from here on. Should Redis be away, its record is made from the ledger later.
    const auto put = co_await store_.put_new(who, record);
    if (put) co_await store_.put_snapshot(std::move(facts));
    co_return signed_in{cookie_of(who, record), std::move(*begun)};
}

runtime::task<result<refreshed_session>> session_service::refresh(std::string_view cookie_header,
                                                                  std::optional<std::int64_t> ack_version,
                                                                  std::optional<session_ref>* seen) {
    for (int attempt = 0; attempt < refresh_attempts; ++attempt) {
        auto current = co_await authenticate_anew(cookie_header, seen);
        if (!current) co_return current.error();
        const auto sid = session_hash(current->who.session);
        spdlog::debug("session refresh: current session {} of user {}: generation {}, last acknowledged status {}", sid,
                      current->who.user.text(), current->record.generation, to_string(current->record.acknowledged));

        auto facts = co_await load_facts(current->who.user);
        if (!facts) co_return facts.error();
        spdlog::debug("session refresh: fresh facts of user {}: version {}, role {}, status {}",
                      current->who.user.text(), facts->version, to_string(facts->role), to_string(facts->status));
        if (!epoch_lives(current->record.epoch, current->who.session, *facts)) co_return errc::session_revoked;
        if (facts->status == user_status::suspended) co_return errc::session_revoked;

        const auto outcome = session::refresh(keys_, current->who, current->record, current->where, *facts,
                                              ack_version, store_.at());
        if (outcome.record != current->record) {
            const auto swapped = co_await store_.swap(current->who, std::move(current->stored), outcome.record);
            if (!swapped) co_return swapped.error();
            if (!*swapped) continue;  // another request moved the session on: see where this token stands now
        }
        spdlog::debug("session refresh: new session {}: generation {}, cookie {}", sid, outcome.record.generation,
                      outcome.hand_out ? "set" : "kept");

        refreshed_session refreshed{std::move(*facts), outcome.status_changed, outcome.previous_status, std::nullopt};
        if (outcome.hand_out) refreshed.cookie = cookie_of(current->who, outcome.record);
        co_return refreshed;
    }
    co_return errc::overloaded;
}

}  // namespace stagedoor::session
