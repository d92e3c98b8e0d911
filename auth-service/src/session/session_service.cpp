#include "auth-service/src/session/session_service.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "auth-service/src/session/carried_sessions.hpp"
#include "common/core/secrets.hpp"
#include "common/runtime/event.hpp"

namespace stagedoor::session {
namespace {

// Compare-and-set loses only to another write that won: as many as the browser has tabs.
constexpr int refresh_attempts = 64;

bool is_outage(errc error) noexcept { return problem_of(error).status >= 500; }

deadline_time redis_deadline() { return std::chrono::steady_clock::now() + limits::redis_answer_time; }

// What a refresh can tell from the ledger alone: that the status is another one than at sign-in, until the client says
// that it knows.
refreshed_session told_by_ledger(principal who, std::optional<std::int64_t> ack_version) {
    const bool known = ack_version >= who.user.version;
    const auto before = known ? who.user.status : who.record.acknowledged.status;
    const bool changed = before != who.user.status;
    return {std::move(who.user), changed, before, std::nullopt};
}

runtime::task<result<principal>> found_at_once(principal who) { co_return who; }

}  // namespace

runtime::task<result<principal>> session_service::authenticate(std::string_view cookie_header,
                                                                std::optional<session_ref>* seen) {
    const auto known = recognise(cookie_header);
    if (!known) return find_principal(cookie_header, seen, redis_deadline());
    if (seen) *seen = known->who;
    return found_at_once({known->who, known->what->facts, known->what->record, known->where, {}});
}

runtime::task<result<principal>> session_service::find_principal(std::string_view cookie_header,
                                                                  std::optional<session_ref>* seen, deadline_time by) {
    errc why = errc::no_session;
    auto final_from = deadline_time::min();
    std::size_t tried = 0;
    for (const auto value : find_cookies(cookie_header, cookie_.name())) {
        const auto token = parse_token(value);
        if (!token || !is_proved(*token)) {
            if (why == errc::no_session) why = errc::session_invalid;
            continue;
        }
        if (seen) *seen = session_ref{token->claims.user, token->claims.session};
        auto checked = co_await check_.check(token->claims, by);
        if (checked) co_return checked;
        why = to_errc(checked.error());
        if (is_outage(why)) co_return why;
        final_from = std::max(final_from, node_.unheard.final_from({token->claims.user, token->claims.session}));
        if (++tried == limits::session_cookies_tried) break;
    }
    why = co_await when_final(why, final_from, by);
    co_return why;
}

// Somebody who was told no must not be let in elsewhere. A no that cannot be final in time is not told.
runtime::task<errc> session_service::when_final(errc why, deadline_time final_from, deadline_time by) {
    const auto asked = by - limits::redis_answer_time;
    if (final_from > asked + limits::refusal_time) co_return errc::redis_unavailable;
    if (final_from > std::chrono::steady_clock::now()) co_await runtime::sleep_until(final_from);
    co_return why;
}

runtime::task<errc> session_service::why_over(session_ref who) {
    const auto by = redis_deadline();
    auto why = co_await check_.why_over(who, by);
    if (is_outage(why)) co_return why;
    why = co_await when_final(why, node_.unheard.final_from(who), by);
    co_return why;
}

bool session_service::is_proved(const parsed_token& token) {
    if (proved_.contains(token)) return true;
    if (!is_genuine(keys_, token)) return false;
    proved_.add(token);
    return true;
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
        if (node_.told.may_outdate(who.user, known->facts.version, node_.trust.as_of())) return std::nullopt;
        const auto at = store_.at();
        const auto verdict = judge(known->record, who, claims.generation, known->facts, at, limits_);
        const bool goes_on = verdict && *verdict != standing::ahead;
        if (!goes_on || after_use(known->record, *verdict, at, limits_)) return std::nullopt;
        store_.note_hit();
        return recognised{who, known, *verdict};
    }
    return std::nullopt;
}

session_cookie_value session_service::cookie_of(const session_ref& who, const session_record& record) const {
    const auto claims = current_token(who, record);
    // The key is there: it is the signing key, or the one that a genuine token was just checked with.
    const auto proof = prove(keys_, claims).value_or(token_proof{});
    const auto left = std::max(record.expires_at - store_.now(), std::chrono::milliseconds{0});
    return {format_token(claims, proof), std::chrono::ceil<std::chrono::seconds>(left), who};
}

runtime::task<result<signed_in>> session_service::sign_in(user_facts facts, device from,
                                                                std::string_view cookie_header) {
    const session_ref who{facts.id, session_id{make_uuid_v4()}};
    const auto record = first_record(keys_, who, facts, store_.now(), limits_);

    ledger_entry entry{who,
                       record.epoch,
                       facts.status,
                       record.created_at,
                       record.expires_at,
                       std::move(from.user_agent),
                       std::move(from.address)};
    auto replaced = carried_sessions(cookie_header, cookie_, keys_);
    auto begun = co_await ledger_.begin(std::move(entry), per_user_, std::move(replaced));
    if (!begun) co_return begun.error();
    // The session exists from here on. The facts are read once more for Redis: these are of before the password was hashed.
    const auto claims = current_token(who, record);
    if (node_.trust.holds()) co_await check_.introduce(claims, redis_deadline());
    node_.told.remember(who.user, facts.version);
    co_return signed_in{cookie_of(who, record), std::move(*begun)};
}

runtime::task<result<refreshed_session>> session_service::refresh(std::string_view cookie_header,
                                                                  std::optional<std::int64_t> ack_version,
                                                                  std::optional<session_ref>* seen) {
    const auto by = redis_deadline();
    for (int attempt = 0; attempt < refresh_attempts; ++attempt) {
        auto current = co_await find_principal(cookie_header, seen, by);
        if (!current) co_return current.error();
        const auto sid = session_hash(current->who.session);
        spdlog::debug("session refresh: current session {} of user {}: generation {}, last acknowledged status {}", sid,
                      current->who.user.text(), current->record.generation,
                      to_string(current->record.acknowledged.status));

        if (current->from_ledger) co_return told_by_ledger(std::move(*current), ack_version);

        auto facts = co_await check_.fresh_facts(current->who.user, by);
        if (!facts) co_return facts.error();
        spdlog::debug("session refresh: fresh facts of user {}: version {}, role {}, status {}",
                      current->who.user.text(), facts->version, to_string(facts->role), to_string(facts->status));
        // Just now, for the check has let it pass. It will not do so again, and knows how to say it.
        if (!epoch_lives(current->record.epoch, current->who.session, *facts)) continue;
        if (facts->status == user_status::suspended) continue;

        const auto outcome = session::refresh(keys_, current->who, current->record, current->where, *facts,
                                              ack_version, store_.at());
        bool kept = !outcome.hand_out;
        if (outcome.record != current->record) {
            const auto swapped = co_await store_.swap(current->who, std::move(current->stored), outcome.record, by);
            if (swapped && !*swapped) continue;  // another request moved the session on: see where this token stands
            if (!swapped) kept = true;
        }
        spdlog::debug("session refresh: new session {}: generation {}, cookie {}", sid, outcome.record.generation,
                      kept ? "kept" : "set");

        refreshed_session refreshed{std::move(*facts), outcome.status_changed, outcome.previous_status, std::nullopt};
        if (!kept) refreshed.cookie = cookie_of(current->who, outcome.record);
        co_return refreshed;
    }
    co_return errc::overloaded;
}

}  // namespace stagedoor::session
