#include "auth-service/src/store/sqlite_approval_store.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/sql/transaction.hpp"

namespace stagedoor::store {
namespace {

using approval::list_query;
using approval::listed_user;
using approval::transition_outcome;
using approval::transition_request;
using approval::user_page;
using runtime::task;

// The newest transition of the user. From the audit log, which unlike the outbox is never purged.
result<std::optional<user_event>> last_transition(sql::database& db, const user_id& user) {
    auto found = db.query(
        "SELECT action, after, before ->> '$.status', reason, at_ms FROM audit_log "
        "WHERE user_id = ?1 AND version IS NOT NULL AND action <> 'updated' ORDER BY version DESC LIMIT 1",
        user.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<user_event>{};
    return event_at(found->row(), 0);
}

result<std::int64_t> outbox_id_of(sql::database& db, const user_id& user, std::int64_t version) {
    auto found = db.query("SELECT id FROM outbox WHERE user_id = ?1 AND version = ?2", user.text(), version);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return *there ? found->row().integer(0) : 0;
}

// The outcome with the event of the last transition, when that was `what`; without one, and not applied, otherwise.
result<transition_outcome> outcome_with_event(sql::database& db, user_facts facts, const transition& what,
                                              bool changed) {
    auto last = last_transition(db, facts.id);
    if (!last) return last.error();
    transition_outcome outcome{false, changed, std::move(facts), std::nullopt, 0};
    if (!*last || (*last)->kind != what.event) return outcome;
    const auto id = outbox_id_of(db, outcome.facts.id, (*last)->facts.version);
    if (!id) return id.error();
    outcome.applied = true;
    outcome.event = std::move(**last);
    outcome.outbox_id = *id;
    return outcome;
}

result<transition_outcome> apply_transition(sql::database& db, const transition_request& request) {
    const auto& what = *request.what;
    auto facts = load_facts(db, request.user);
    if (!facts) return facts.error();
    if (facts->role != user_role::stage_manager) return errc::not_found;
    if (facts->status != what.from) return outcome_with_event(db, std::move(*facts), what, false);

    const auto updated =
        db.execute("UPDATE users SET status = ?2 WHERE id = ?1", request.user.text(), to_string(what.to));
    if (!updated) return updated.error();
    facts = load_facts(db, request.user);
    if (!facts) return facts.error();
    return outcome_with_event(db, std::move(*facts), what, true);
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

result<void> select_items(sql::database& db, const list_query& query, user_page& page) {
    // Two texts, so that either has its index: (role, id) or (role, status, id). Ids begin with hex digits, below '~'.
    static const std::string head = "SELECT " + facts_columns + ", created_at_ms FROM users ";
    static const std::string tail =
        "AND id < coalesce(?1, '~') AND (?2 = '%%' OR email LIKE ?2 ESCAPE '\\' OR display_name LIKE ?2 ESCAPE '\\') "
        "ORDER BY id DESC LIMIT ?3";
    static const std::string of_all = head + "WHERE role = 'stage_manager' " + tail;
    static const std::string of_status = head + "WHERE role = 'stage_manager' AND status = ?4 " + tail;

    const auto before = query.before ? std::optional{query.before->text()} : std::nullopt;
    const auto pattern = like_pattern(query.search);
    const auto most = query.limit + 1;  // one more tells whether there is another page
    auto found = query.status ? db.query(of_status, before, pattern, most, to_string(*query.status))
                              : db.query(of_all, before, pattern, most);
    if (!found) return found.error();
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return {};
        if (page.items.size() == query.limit) {
            page.more = true;
            return {};
        }
        const auto& row = found->row();
        page.items.push_back({facts_at(row, 0), from_unix_ms(row.integer(facts_column_count))});
    }
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
    author who{std::move(by.id), std::move(by.origin), request.reason};
    auto job = [request = std::move(request)](sql::database& db) { return apply_transition(db, request); };
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<user_page>> sqlite_approval_store::list(list_query query) {
    auto job = [query = std::move(query)](sql::database& db) { return select_page(db, query); };
    co_return co_await store_.read(std::move(job));
}

}  // namespace stagedoor::store
