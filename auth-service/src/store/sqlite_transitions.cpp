#include "auth-service/src/store/sqlite_transitions.hpp"

#include <unordered_map>

#include "auth-service/src/store/sqlite_rows.hpp"
#include "auth-service/src/store/sqlite_store.hpp"
#include "common/core/errc.hpp"
#include "common/sql/error.hpp"

namespace stagedoor::store {
namespace {

using approval::author_of_change;
using approval::batch_request;
using approval::transition_outcome;
using approval::transition_request;

struct told_change {
    user_event event;
    author_of_change by;
};

// The newest change of the user, or the newest transition. From the audit log, which unlike the outbox is never purged.
result<std::optional<told_change>> last_change(sql::database& db, const user_id& user, bool transitions_only) {
    auto found = db.query(
        "SELECT action, after, before ->> '$.status', reason, at_ms, actor, who.email, who.display_name "
        "FROM audit_log LEFT JOIN users AS who ON who.id = actor "
        "WHERE user_id = ?1 AND audit_log.version IS NOT NULL AND (NOT ?2 OR action <> 'updated') "
        "ORDER BY audit_log.version DESC LIMIT 1",
        user.text(), static_cast<std::int64_t>(transitions_only));
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<told_change>{};
    const auto& row = found->row();
    auto event = event_at(row, 0);
    if (!event) return std::optional<told_change>{};
    const auto text = [&](int column) {
        const auto given = row.optional_text(column);
        return given ? std::optional{std::string{*given}} : std::nullopt;
    };
    author_of_change by{std::string{row.text(5)}, text(6), text(7), std::string{event->kind}, event->at};
    return std::optional{told_change{std::move(*event), std::move(by)}};
}

result<std::int64_t> outbox_id_of(sql::database& db, const user_id& user, std::int64_t version) {
    auto found = db.query("SELECT id FROM outbox WHERE user_id = ?1 AND version = ?2", user.text(), version);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return *there ? found->row().integer(0) : 0;
}

// The outcome with the event of the last transition, which was made now or before.
result<transition_outcome> with_event(sql::database& db, user_facts facts, told_change change,
                                      transition_outcome::kind what) {
    const auto id = outbox_id_of(db, facts.id, change.event.facts.version);
    if (!id) return id.error();
    return transition_outcome{what, std::move(facts), std::move(change.event), *id, std::move(change.by)};
}

// Why it was not done: it was before, it cannot be, or the user is not as the admin has seen them.
result<transition_outcome> explain_undone(sql::database& db, user_facts facts, const transition_request& request) {
    using kind = transition_outcome::kind;
    auto last = last_change(db, facts.id, true);
    if (!last) return last.error();
    const auto& expected = request.expected_version;
    const bool repeated = *last && (*last)->event.kind == request.what->event &&
                          (!expected || (*last)->event.facts.version == *expected + 1);
    if (repeated) return with_event(db, std::move(facts), std::move(**last), kind::already);
    transition_outcome outcome{kind::not_allowed, std::move(facts), std::nullopt, 0, std::nullopt};
    if (expected && outcome.facts.version != *expected) {
        outcome.what = kind::outdated;
        last = last_change(db, outcome.facts.id, false);
        if (!last) return last.error();
    }
    if (*last) outcome.by = std::move((*last)->by);
    return outcome;
}

// What the trigger has just written: the event of that version, and in it the user's facts.
result<transition_outcome> outcome_of_change(sql::database& db, const user_id& user, std::int64_t version) {
    static const std::string sql = "SELECT id, " + event_columns + " FROM outbox WHERE user_id = ?1 AND version = ?2";
    auto found = db.query(sql, user.text(), version);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    auto event = *there ? event_at(found->row(), 1) : std::nullopt;
    if (!event) return errc::internal_error;
    auto facts = event->facts;
    return transition_outcome{transition_outcome::kind::done, std::move(facts), std::move(event),
                              found->row().integer(0), std::nullopt};
}

// A transition in one step (migration 0007): all that the trigger would have to write to the row in a second update.
const std::string set_status =
    "UPDATE users SET status = ?1, version = version + 1, epoch = epoch + (?1 = 'suspended'), "
    "updated_at_ms = (SELECT now_ms FROM clock) ";

result<transition_outcome> apply_transition(sql::database& db, const transition_request& request) {
    const auto& what = *request.what;
    auto facts = load_facts(db, request.user);
    if (!facts) return facts.error();
    if (facts->role != user_role::stage_manager) return errc::not_found;
    const bool outdated = request.expected_version && *request.expected_version != facts->version;
    if (facts->status != what.from || outdated) return explain_undone(db, std::move(*facts), request);

    static const std::string sql = set_status + "WHERE id = ?2";
    const auto updated = db.execute(sql, to_string(what.to), request.user.text());
    if (!updated) return updated.error();
    return outcome_of_change(db, request.user, facts->version + 1);
}

// What one statement has done, by user.
using changes = std::unordered_map<user_id, transition_outcome, id_hash<user_tag>>;

result<std::int64_t> newest_outbox_id(sql::database& db) {
    auto found = db.query("SELECT coalesce(max(id), 0) FROM outbox");
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return found->row().integer(0);
}

// Every row behind `newest`: nobody else writes before this transaction has ended.
result<changes> changes_behind(sql::database& db, std::int64_t newest) {
    static const std::string sql = "SELECT id, " + event_columns + " FROM outbox WHERE id > ?1";
    auto found = db.query(sql, newest);
    if (!found) return found.error();
    changes all;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return all;
        auto event = event_at(found->row(), 1);
        if (!event) return errc::internal_error;  // the trigger has just written it
        const auto user = event->facts.id;
        auto facts = event->facts;
        all.try_emplace(user, transition_outcome{transition_outcome::kind::done, std::move(facts), std::move(event),
                                                 found->row().integer(0), std::nullopt});
    }
}

// Ids; or, where versions are expected, pairs of an id and a version.
std::string as_json_array(const batch_request& request) {
    const auto& versions = request.expected_versions;
    std::string out = "[";
    out.reserve(request.users.size() * (uuid_text_size + (versions.empty() ? 3 : 16)) + 2);
    for (std::size_t i = 0; i < request.users.size(); ++i) {
        out.append(i == 0 ? "" : ",").append(versions.empty() ? "\"" : "[\"");
        append_uuid(out, request.users[i].bytes);
        out.append("\"");
        if (!versions.empty()) out.append(",").append(std::to_string(versions[i])).append("]");
    }
    return out + "]";
}

// All of them at once that can be changed. One statement for each would save the pages that it is about to change each
// time, to undo it alone, which costs as much as the change. An error has undone them all.
result<changes> change_together(sql::database& db, const batch_request& request) {
    const auto newest = newest_outbox_id(db);
    if (!newest) return newest.error();
    const auto& what = *request.what;
    // The pluses: found by id, whatever an index says of status and role.
    static const std::string if_possible = " AND +status = ?3 AND +role = 'stage_manager'";
    static const std::string whoever = set_status + "WHERE id IN (SELECT value FROM json_each(?2))" + if_possible;
    static const std::string as_they_were =
        set_status + "WHERE (id, version) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?2))" + if_possible;
    const auto updated = db.execute(request.expected_versions.empty() ? whoever : as_they_were, to_string(what.to),
                                    as_json_array(request), to_string(what.from));
    if (!updated) return updated.error();
    return changes_behind(db, *newest);
}

bool is_wrong_for_all(const boost::system::error_code& error) { return problem_of(to_errc(error)).status == 503; }

}  // namespace

result<transition_outcome> apply_alone(sql::database& db, const transition_request& request) {
    auto outcome = apply_transition(db, request);
    if (!outcome || outcome->by) return outcome;
    auto made = last_change(db, request.user, true);
    if (!made) return made.error();
    if (*made) outcome->by = std::move((*made)->by);
    return outcome;
}

result<std::vector<result<transition_outcome>>> apply_together(sql::database& db, const batch_request& request) {
    auto changed = change_together(db, request);
    // When one of them was refused, each is tried by itself.
    if (!changed && !sql::is_refusal(changed.error())) return changed.error();
    std::vector<result<transition_outcome>> outcomes;
    outcomes.reserve(request.users.size());
    for (std::size_t i = 0; i < request.users.size(); ++i) {
        const auto& user = request.users[i];
        auto done = changed ? changed->extract(user) : changes::node_type{};
        if (done) {
            outcomes.push_back(std::move(done.mapped()));
            continue;
        }
        transition_request one{user, request.what, request.reason, {}};
        if (!request.expected_versions.empty()) one.expected_version = request.expected_versions[i];
        auto outcome = apply_transition(db, one);
        // A statement that was refused has left nothing behind. What else goes wrong is wrong for all.
        if (!outcome) outcome = explain(outcome.error(), db);
        if (!outcome && is_wrong_for_all(outcome.error())) return outcome.error();
        outcomes.push_back(std::move(outcome));
    }
    return outcomes;
}

}  // namespace stagedoor::store
