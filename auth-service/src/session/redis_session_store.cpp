#include "auth-service/src/session/redis_session_store.hpp"

#include <algorithm>

#include "common/core/event.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

// Redis refuses a time to live of 0; a record that is over is judged by its own times.
std::int64_t ttl_ms(const session_record& record, instant now) {
    return std::max<std::int64_t>((record.expires_at - now).count(), 1);
}

// As long as its holder can take to read the ledger, by its own bounds: left behind by a node that died, it sends
// everybody else there for no longer than that.
constexpr auto hold_ttl = limits::redis_answer_time + limits::database_queue_time + limits::database_busy_time;

// Neither a record nor a tombstone to any reader. Random: it is compared whole, and one that has run out is no other's.
std::string make_hold() { return "h1 " + random_text(16); }

std::int64_t to_ms(std::chrono::milliseconds duration) { return duration.count(); }

}  // namespace

redis::script_call bury_call(const redis_schema& keys, const session_ref& who, errc reason, instant now) {
    return redis::script_call{redis::scripts::session_end,
                              redis::keys{keys.session(who.user, who.session), keys.events(who.user)},
                              format_tombstone({reason, now}),
                              to_ms(limits::tombstone_ttl),
                              to_control_message({who.session, reason})};
}

runtime::task<result<stored_session>> redis_session_store::load(session_ref who, deadline_time by) {
    if (link_.up_since() >= trust_.as_of()) co_return errc::redis_unavailable;
    const auto reply =
        co_await link_.request_by(by, "MGET", keys_.session(who.user, who.session), keys_.user(who.user));
    if (!reply) co_return reply.error();
    const auto both = reply->to_array();
    if (!both || both->size() != 2) co_return errc::redis_protocol;

    stored_session loaded;
    if (const auto* const text = (*both)[0].if_text()) {
        auto parsed = parse_record(*text);
        if (!parsed) co_return parsed.error();
        loaded.stored = *text;
        loaded.value = std::move(*parsed);
    }
    if (const auto* const text = (*both)[1].if_text()) {
        // A snapshot that cannot be read is none: the database has the facts.
        auto facts = parse_snapshot(*text);
        if (facts) loaded.facts = std::move(*facts);
    }
    co_return loaded;
}

runtime::task<result<std::vector<stored_value>>> redis_session_store::load_records(user_id user,
                                                                                  std::vector<session_id> sessions) {
    if (sessions.empty()) co_return std::vector<stored_value>{};
    redis::command mget{"MGET"};
    for (const auto& session : sessions) mget.add(keys_.session(user, session));
    const auto by = std::chrono::steady_clock::now() + limits::redis_answer_time;
    const auto reply = co_await link_.request_command(std::move(mget), by);
    if (!reply) co_return reply.error();
    const auto items = reply->to_array();
    if (!items || items->size() != sessions.size()) co_return errc::redis_protocol;

    std::vector<stored_value> records;
    records.reserve(items->size());
    for (const auto& item : *items) {
        const auto* const text = item.if_text();
        const auto parsed = text ? parse_record(*text) : errc::redis_protocol;
        records.push_back(parsed ? stored_value{*parsed} : std::nullopt);
    }
    co_return records;
}

runtime::task<result<std::optional<std::string>>> redis_session_store::hold(session_ref who, deadline_time by) {
    auto held = make_hold();
    const auto reply = co_await link_.request_by(by, "SET", keys_.session(who.user, who.session), held, "PX",
                                                 to_ms(hold_ttl), "NX");
    if (!reply) co_return reply.error();
    if (reply->is_nil()) co_return std::optional<std::string>{};
    co_return std::optional{std::move(held)};
}

runtime::task<result<bool>> redis_session_store::swap(session_ref who, std::string expected, session_record next,
                                                      deadline_time by) {
    redis::script_call call{redis::scripts::session_swap, redis::keys{keys_.session(who.user, who.session)}, expected,
                            format_record(next), ttl_ms(next, now())};
    const auto reply = co_await redis::eval(link_, std::move(call), by);
    if (!reply) co_return failed<bool>(reply.error());
    co_return redis::was_swapped(*reply);
}

runtime::task<result<void>> redis_session_store::bury(session_ref who, errc reason, deadline_time by) {
    const auto reply = co_await redis::eval(link_, bury_call(keys_, who, reason, now()), by);
    if (!reply) co_return reply.error();
    co_return result<void>{};
}

// A second round trip: Redis tells all caches what one turn of its loop has changed before it reads on.
runtime::task<result<void>> redis_session_store::settle(deadline_time by) {
    const auto answered = co_await link_.request_by(by, "PING");
    if (!answered) co_return answered.error();
    co_return result<void>{};
}

runtime::task<result<user_facts>> redis_session_store::put_snapshot(user_facts facts, deadline_time by) {
    redis::script_call call{redis::scripts::put_snapshot, redis::keys{keys_.user(facts.id)}, facts.version,
                            to_snapshot_json(facts)};
    const auto reply = co_await redis::eval(link_, std::move(call), by);
    if (!reply) co_return reply.error();
    const auto* const won = reply->if_text();
    if (!won) co_return errc::redis_protocol;
    co_return parse_snapshot(*won);
}

}  // namespace stagedoor::session
