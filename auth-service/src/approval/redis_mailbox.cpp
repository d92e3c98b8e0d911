#include "auth-service/src/approval/redis_mailbox.hpp"

#include <algorithm>
#include <span>

#include "auth-service/src/admin/redis_admin_stream.hpp"
#include "auth-service/src/approval/stream_policy.hpp"
#include "auth-service/src/session/redis_session_store.hpp"
#include "common/core/event.hpp"
#include "common/core/limits.hpp"
#include "common/core/secrets.hpp"
#include "common/redis/script.hpp"

namespace stagedoor::approval {
namespace {

using redis::script_call;

// A letter on its way, and the snapshot to put with it: of its event or a later one.
struct outgoing {
    const user_event* event;
    const user_facts* newest;
};
using outgoing_span = std::span<const outgoing>;

// Both take limits::relay_call letters at most. `texts` are those of the letters.
script_call users_call(const redis_schema& keys, outgoing_span letters, const std::vector<std::string>& texts) {
    std::vector<std::string> names;
    names.reserve(letters.size() * 2);
    for (const auto& each : letters) {
        names.push_back(keys.events(each.event->facts.id));
        names.push_back(keys.user(each.event->facts.id));
    }
    script_call call{redis::scripts::relay_user_events, std::span<const std::string>{names}};
    call.add(limits::stream_entries);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto& event = *letters[i].event;
        call.add(event.facts.version).add(texts[i]).add(to_snapshot_json(*letters[i].newest));
    }
    return call;
}

script_call admins_call(const redis_schema& keys, outgoing_span letters, const std::vector<std::string>& texts) {
    auto call = admin::call_to_admins(keys);
    for (std::size_t i = 0; i < letters.size(); ++i) {
        const auto& facts = letters[i].event->facts;
        call.add(event_id(facts.id, facts.version)).add(parse_letter(texts[i])->frame);
    }
    return call;
}

std::vector<std::string> texts_of(outgoing_span letters) {
    std::vector<std::string> texts;
    texts.reserve(letters.size());
    for (const auto& each : letters) texts.push_back(to_letter(*each.event));
    return texts;
}

// One of the pairs that relay_user_events replies.
result<posted> read_posted(redis::link& link, const redis::value& word, const redis::value& told) {
    const auto what = word.to_text();
    if (!what) return what.error();
    if (*what == "error") {
        const auto text = told.to_text();
        if (!text) return text.error();
        const auto refused = link.checked(redis::value{redis::value::error{std::string{*text}}});
        return refused ? errc::redis_protocol : refused.error();
    }
    const auto top = told.to_integer();
    if (!top) return top.error();
    if (*what == "ok") return posted{posted::outcome::ok, *top};
    if (*what == "dup") return posted{posted::outcome::dup, *top};
    if (*what == "gap") return posted{posted::outcome::gap, *top};
    return errc::redis_protocol;
}

// Appends a result for each of `count` events.
void read_users_reply(redis::link& link, const result<redis::value>& reply, std::size_t count,
                      std::vector<result<posted>>& results) {
    const auto items = reply ? reply->to_array() : result<std::span<const redis::value>>{reply.error()};
    const bool fits = items && items->size() == 2 * count;
    for (std::size_t i = 0; i < count; ++i) {
        if (fits) {
            results.push_back(read_posted(link, (*items)[2 * i], (*items)[2 * i + 1]));
        } else {
            results.emplace_back(items ? make_error_code(errc::redis_protocol) : items.error());
        }
    }
}

// Whether the admins have all events of a call: {incarnation, newest number, a word for each}.
result<void> read_admins_reply(const result<redis::value>& reply, std::size_t count) {
    if (!reply) return reply.error();
    const auto items = reply->to_array();
    if (!items || items->size() != 2 + count) return errc::redis_protocol;
    return {};
}

}  // namespace

runtime::task<std::vector<result<posted>>> redis_mailbox::post(std::vector<outbox_row> rows) {
    // Events that stand together share a call to their users and a call to the admins.
    std::vector<script_call> calls;
    std::vector<std::size_t> counts;  // of each call's events; 0: it buries a session
    for (std::size_t begin = 0; begin < rows.size();) {
        std::vector<outgoing> letters;
        for (auto i = begin; i < rows.size() && letters.size() < limits::relay_call; ++i) {
            const auto* const event = std::get_if<user_event>(&rows[i].what);
            if (!event) break;
            letters.push_back({event, &event->facts});
        }
        counts.push_back(letters.size());
        if (letters.empty()) {
            const auto& ended = std::get<ended_session>(rows[begin++].what);
            calls.push_back(session::bury_call(keys_, ended.who, ended.reason, link_.now()));
            continue;
        }
        const auto texts = texts_of(letters);
        calls.push_back(users_call(keys_, letters, texts));
        calls.push_back(admins_call(keys_, letters, texts));
        begin += letters.size();
    }
    const auto replies = co_await redis::eval_all(link_, std::move(calls));

    std::vector<result<posted>> results;
    results.reserve(rows.size());
    auto reply = replies.begin();
    for (const auto count : counts) {
        if (count == 0) {
            const auto& buried = *reply++;
            results.push_back(buried ? result<posted>{posted{}} : buried.error());
            continue;
        }
        const auto first = results.size();
        read_users_reply(link_, *reply++, count, results);
        const auto to_admins = read_admins_reply(*reply++, count);
        for (auto i = first; i < results.size(); ++i) results[i] = taken_by_both(results[i], to_admins);
    }
    co_return results;
}

runtime::task<std::vector<result<posted>>> redis_mailbox::post_again(std::vector<user_event> events) {
    // Nobody who reads in between sees a status that was overtaken long ago.
    std::vector<outgoing> letters;
    letters.reserve(events.size());
    for (const auto& event : events) letters.push_back({&event, &event.facts});
    for (std::size_t i = letters.size(); i-- > 1;) {
        const bool same_user = events[i - 1].facts.id == events[i].facts.id;
        if (same_user) letters[i - 1].newest = letters[i].newest;
    }
    std::vector<script_call> calls;
    std::vector<std::size_t> counts;
    for (std::size_t begin = 0; begin < letters.size(); begin += limits::relay_call) {
        const auto some = outgoing_span{letters}.subspan(begin, std::min(limits::relay_call, letters.size() - begin));
        counts.push_back(some.size());
        calls.push_back(users_call(keys_, some, texts_of(some)));
    }
    const auto replies = co_await redis::eval_all(link_, std::move(calls));
    std::vector<result<posted>> results;
    results.reserve(events.size());
    for (std::size_t i = 0; i < counts.size(); ++i) read_users_reply(link_, replies[i], counts[i], results);
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
