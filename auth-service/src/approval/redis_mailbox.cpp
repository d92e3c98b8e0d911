#include "auth-service/src/approval/redis_mailbox.hpp"

#include "auth-service/src/approval/stream_policy.hpp"
#include "auth-service/src/session/redis_session_store.hpp"
#include "common/core/event.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::approval {
namespace {

using redis::script_call;

// `newest`: the snapshot to put, of this event or a later one.
script_call user_call(const redis_schema& keys, const user_event& event, const user_facts& newest) {
    const auto& facts = event.facts;
    return script_call{redis::scripts::relay_user_event,
                       redis::keys{keys.events(facts.id), keys.user(facts.id)},
                       facts.version,
                       to_letter(event),
                       to_snapshot_json(newest),
                       limits::stream_entries};
}

script_call admin_call(const redis_schema& keys, const user_event& event) {
    const auto remembered_ms = std::chrono::milliseconds{limits::admin_seen_time}.count();
    return script_call{redis::scripts::relay_admin_event,
                       redis::keys{keys.admin_events(), keys.admin_seen(), keys.admin_incarnation()},
                       event_id(event.facts.id, event.facts.version),
                       to_frame(event),
                       limits::admin_stream_entries,
                       remembered_ms,
                       limits::admin_seen_ids,
                       random_text(9)};
}

result<posted> read_posted(const result<redis::value>& reply) {
    if (!reply) return reply.error();
    const auto items = reply->to_array();
    if (!items || items->size() < 2) return errc::redis_protocol;
    const auto word = (*items)[0].to_text();
    const auto top = (*items)[1].to_integer();
    if (!word || !top) return errc::redis_protocol;
    if (*word == "ok") return posted{posted::outcome::ok, *top};
    if (*word == "dup") return posted{posted::outcome::dup, *top};
    if (*word == "gap") return posted{posted::outcome::gap, *top};
    return errc::redis_protocol;
}

}  // namespace

runtime::task<std::vector<result<posted>>> redis_mailbox::post(std::vector<outbox_row> rows) {
    std::vector<script_call> calls;
    calls.reserve(rows.size() * 2);
    for (const auto& row : rows) {
        if (const auto* const event = std::get_if<user_event>(&row.what)) {
            calls.push_back(user_call(keys_, *event, event->facts));
            calls.push_back(admin_call(keys_, *event));
        } else {
            const auto& ended = std::get<ended_session>(row.what);
            calls.push_back(session::bury_call(keys_, ended.who, ended.reason, link_.now()));
        }
    }
    const auto replies = co_await redis::eval_all(link_, std::move(calls));

    std::vector<result<posted>> results;
    results.reserve(rows.size());
    std::size_t next = 0;
    for (const auto& row : rows) {
        if (std::holds_alternative<ended_session>(row.what)) {
            const auto& buried = replies[next++];
            results.push_back(buried ? result<posted>{posted{}} : buried.error());
            continue;
        }
        const auto to_user = read_posted(replies[next++]);
        const auto to_admins = read_posted(replies[next++]);
        results.push_back(taken_by_both(to_user, to_admins));
    }
    co_return results;
}

runtime::task<std::vector<result<posted>>> redis_mailbox::post_again(std::vector<user_event> events) {
    std::vector<script_call> calls;
    calls.reserve(events.size());
    // Nobody who reads in between sees a status that was overtaken long ago.
    for (const auto& event : events) calls.push_back(user_call(keys_, event, events.back().facts));
    const auto replies = co_await redis::eval_all(link_, std::move(calls));
    std::vector<result<posted>> results;
    results.reserve(replies.size());
    for (const auto& reply : replies) results.push_back(read_posted(reply));
    co_return results;
}

runtime::task<result<void>> redis_mailbox::bury_again(std::vector<ended_session> ends) {
    std::vector<redis::command> questions;
    questions.reserve(ends.size());
    for (const auto& end : ends) questions.emplace_back("EXISTS", keys_.session(end.who.user, end.who.session));
    const auto present = co_await link_.exchange_all(std::move(questions));

    std::vector<script_call> calls;
    for (std::size_t i = 0; i < ends.size(); ++i) {
        const auto answer = link_.checked(present[i]);
        if (!answer) co_return answer.error();
        const bool stands = link_.now() - ends[i].ended_at < limits::tombstone_ttl;
        if (*answer == redis::value{std::int64_t{0}} && !stands) continue;
        calls.push_back(session::bury_call(keys_, ends[i].who, ends[i].reason, link_.now()));
    }
    if (calls.empty()) co_return result<void>{};
    const auto buried = co_await redis::eval_all(link_, std::move(calls));
    for (const auto& each : buried) {
        if (!each) co_return each.error();
    }
    co_return result<void>{};
}

runtime::task<result<void>> redis_mailbox::begin_admins(std::string life) {
    script_call call{redis::scripts::begin_admin_feed,
                     redis::keys{keys_.admin_events(), keys_.admin_seen(), keys_.admin_incarnation()}, life,
                     random_text(9)};
    const auto begun = co_await redis::eval(link_, std::move(call));
    if (!begun) co_return begun.error();
    co_return result<void>{};
}

runtime::task<result<std::string>> redis_mailbox::forget_sessions(std::string position) {
    const auto from = position.empty() ? std::string{"0"} : position;
    auto reply = co_await link_.request("SCAN", from, "MATCH", keys_.all_sessions(), "COUNT", limits::replay_keys);
    if (!reply) co_return reply.error();
    const auto parts = reply->to_array();
    if (!parts || parts->size() != 2) co_return errc::redis_protocol;
    const auto next = (*parts)[0].to_text();
    const auto found = (*parts)[1].to_array();
    if (!next || !found) co_return errc::redis_protocol;

    std::vector<redis::command> drops;  // one key each: they are in different slots
    for (const auto& key : *found) {
        const auto name = key.to_text();
        if (!name) co_return errc::redis_protocol;
        drops.emplace_back("DEL", *name);
    }
    const auto dropped = co_await link_.exchange_all(std::move(drops));
    for (const auto& each : dropped) {
        const auto checked = link_.checked(each);
        if (!checked) co_return checked.error();
    }
    co_return *next == "0" ? std::string{} : std::string{*next};
}

runtime::task<result<bool>> redis_mailbox::rebase(std::int64_t seen_top, std::vector<user_event> run) {
    const auto& first = run.front().facts;
    const auto& last = run.back().facts;
    script_call call{redis::scripts::relay_rebase, redis::keys{keys_.events(first.id), keys_.user(first.id)},
                     seen_top,                     first.version,
                     to_snapshot_json(last),       limits::stream_entries};
    for (const auto& event : run) call.add(to_letter(event));
    const auto reply = co_await redis::eval(link_, std::move(call));
    if (!reply) co_return failed<bool>(reply.error());
    const auto items = reply->to_array();
    if (!items || items->empty()) co_return errc::redis_protocol;
    const auto word = items->front().to_text();
    if (!word) co_return failed<bool>(word.error());
    co_return *word == "ok";
}

}  // namespace stagedoor::approval
