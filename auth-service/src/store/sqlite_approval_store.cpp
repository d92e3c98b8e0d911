#include "auth-service/src/store/sqlite_approval_store.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/sql/transaction.hpp"

namespace stagedoor::store {
namespace {

using approval::author_of_change;
using approval::list_query;
using approval::listed_user;
using approval::transition_outcome;
using approval::transition_request;
using approval::user_page;
using runtime::task;

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

result<transition_outcome> apply_transition(sql::database& db, const transition_request& request) {
    const auto& what = *request.what;
    auto facts = load_facts(db, request.user);
    if (!facts) return facts.error();
    if (facts->role != user_role::stage_manager) return errc::not_found;
    const bool outdated = request.expected_version && *request.expected_version != facts->version;
    if (facts->status != what.from || outdated) return explain_undone(db, std::move(*facts), request);

    const auto updated =
        db.execute("UPDATE users SET status = ?2 WHERE id = ?1", request.user.text(), to_string(what.to));
    if (!updated) return updated.error();
    return outcome_of_change(db, request.user, facts->version + 1);
}

// With whose doing it was, which a batch says once for all.
result<transition_outcome> apply_alone(sql::database& db, const transition_request& request) {
    auto outcome = apply_transition(db, request);
    if (!outcome || outcome->by) return outcome;
    auto made = last_change(db, request.user, true);
    if (!made) return made.error();
    if (*made) outcome->by = std::move((*made)->by);
    return outcome;
}

std::optional<std::string> before_text(const list_query& query) {
    return query.before ? std::optional{query.before->text()} : std::nullopt;
}

// `search` as a pattern of LIKE that finds it anywhere, literally.
std::string like_pattern(std::string_view search) {
    std::string pattern = "%";
    for (const char c : search) {
        if (c == '%' || c == '_' || c == '\\') pattern += '\\';
        pattern += c;
    }
    return pattern + "%";
}

result<void> select_totals(sql::database& db, user_page& page) {
    for (const auto status : all_statuses) page.totals[status] = 0;
    auto found = db.query("SELECT status, count(*) FROM users WHERE role = 'stage_manager' GROUP BY status");
    if (!found) return found.error();
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return {};
        if (const auto status = parse_status(found->row().text(0))) page.totals[*status] = found->row().integer(1);
    }
}

// Where a search that begins before `query.before` ends: the last of those that it looks at. Nothing: at the end.
result<std::optional<user_id>> end_of_search(sql::database& db, const list_query& query) {
    auto found = db.query("SELECT id FROM users WHERE id < coalesce(?1, '~') ORDER BY id DESC LIMIT 1 OFFSET ?2",
                          before_text(query), limits::search_examined - 1);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return *there ? user_id::parse(found->row().text(0)) : std::nullopt;
}

// One text for each way to go through the people. Ids begin with hex digits, below '~'.
result<sql::rows> start_listing(sql::database& db, const list_query& query, const std::optional<user_id>& end) {
    static const std::string head = "SELECT " + facts_columns + ", created_at_ms FROM users WHERE ";
    static const std::string newest_first = " ORDER BY id DESC LIMIT ?3";
    static const std::string page = " AND id < coalesce(?1, '~') AND (?2 IS NULL OR status = ?2)" + newest_first;
    static const std::string of_all = head + "role = 'stage_manager'" + page;
    static const std::string of_status =
        head + "role = 'stage_manager' AND id < coalesce(?1, '~') AND status = ?2" + newest_first;
    static const std::string of_email = head + "email = lower(?4) AND role = 'stage_manager'" + page;
    // A search goes through the table in its own order: to look each person up from an index would cost more.
    static const std::string of_search =
        head +
        "+role = 'stage_manager' AND id < coalesce(?1, '~') AND id >= ?5 AND (?2 IS NULL OR +status = ?2) "
        "AND (email LIKE ?4 ESCAPE '\\' OR display_name LIKE ?4 ESCAPE '\\')" +
        newest_first;

    const auto before = before_text(query);
    const auto status = query.status ? std::optional{to_string(*query.status)} : std::nullopt;
    const auto most = query.limit + 1;  // one more tells whether there is another page
    if (query.email) return db.query(of_email, before, status, most, *query.email);
    if (!query.search.empty()) {
        return db.query(of_search, before, status, most, like_pattern(query.search), end ? end->text() : "");
    }
    return query.status ? db.query(of_status, before, status, most) : db.query(of_all, before, status, most);
}

result<void> select_items(sql::database& db, const list_query& query, user_page& page) {
    std::optional<user_id> end;
    if (!query.search.empty() && !query.email) {
        const auto found = end_of_search(db, query);
        if (!found) return found.error();
        end = *found;
    }
    auto found = start_listing(db, query, end);
    if (!found) return found.error();
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) {
            page.next = end;
            return {};
        }
        if (page.items.size() == query.limit) {
            page.next = page.items.back().facts.id;
            return {};
        }
        const auto& row = found->row();
        page.items.push_back({facts_at(row, 0), from_unix_ms(row.integer(facts_column_count))});
    }
}

result<user_page> select_page(sql::database& db, const list_query& query) {
    const auto one_moment = sql::transaction::begin(db, sql::intent::read);
    if (!one_moment) return one_moment.error();
    user_page page;
    const auto items = select_items(db, query, page);
    if (!items) return items.error();
    const auto totals = select_totals(db, page);
    if (!totals) return totals.error();
    return page;
}

}  // namespace

task<result<transition_outcome>> sqlite_approval_store::apply(transition_request request, user::actor by) {
    auto who = author_of(std::move(by), request.reason);
    auto job = [request = std::move(request)](sql::database& db) { return apply_alone(db, request); };
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<std::vector<result<transition_outcome>>>> sqlite_approval_store::apply_batch(
    approval::batch_request request, user::actor by) {
    auto who = author_of(std::move(by), request.reason);
    auto job = [request = std::move(request)](sql::database& db) -> result<std::vector<result<transition_outcome>>> {
        std::vector<result<transition_outcome>> outcomes;
        outcomes.reserve(request.users.size());
        for (const auto& user : request.users) {
            auto outcome = apply_transition(db, {user, request.what, request.reason, {}});
            // A statement that was refused has left nothing behind. What else goes wrong is wrong for all.
            if (!outcome) outcome = explain(outcome.error(), db);
            if (!outcome && problem_of(to_errc(outcome.error())).status == 503) return outcome.error();
            outcomes.push_back(std::move(outcome));
        }
        return outcomes;
    };
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<user_page>> sqlite_approval_store::list(list_query query) {
    auto job = [query = std::move(query)](sql::database& db) { return select_page(db, query); };
    co_return co_await store_.read(std::move(job));
}

}  // namespace stagedoor::store
