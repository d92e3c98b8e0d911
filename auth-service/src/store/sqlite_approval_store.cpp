#include "auth-service/src/store/sqlite_approval_store.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"
#include "auth-service/src/store/sqlite_transitions.hpp"
#include "common/sql/transaction.hpp"

namespace stagedoor::store {
namespace {

using approval::list_query;
using approval::listed_user;
using approval::transition_outcome;
using approval::transition_request;
using approval::user_page;
using approval::user_ref;
using runtime::task;

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
    static const std::string of_email = head + "email = lower(?4) AND (?5 IS NULL OR id = ?5) AND role = 'stage_manager'" + page;
    static const std::string of_user = head + "id = ?4 AND role = 'stage_manager'" + page;
    // A search goes through the table in its own order: to look each person up from an index would cost more.
    static const std::string of_search =
        head +
        "+role = 'stage_manager' AND id < coalesce(?1, '~') AND id >= ?5 AND (?2 IS NULL OR +status = ?2) "
        "AND (email LIKE ?4 ESCAPE '\\' OR display_name LIKE ?4 ESCAPE '\\')" +
        newest_first;

    const auto before = before_text(query);
    const auto status = query.status ? std::optional{to_string(*query.status)} : std::nullopt;
    const auto most = query.limit + 1;  // one more tells whether there is another page
    const auto user = query.user ? std::optional{query.user->text()} : std::nullopt;
    if (query.email) return db.query(of_email, before, status, most, *query.email, user);
    if (query.user) return db.query(of_user, before, status, most, *user);
    if (!query.search.empty()) {
        return db.query(of_search, before, status, most, like_pattern(query.search), end ? end->text() : "");
    }
    return query.status ? db.query(of_status, before, status, most) : db.query(of_all, before, status, most);
}

listed_user listed_at(const sql::statement& row) {
    return {facts_at(row, 0), from_unix_ms(row.integer(facts_column_count))};
}

result<std::optional<listed_user>> select_user(sql::database& db, const user_ref& who) {
    static const std::string head = "SELECT " + facts_columns + ", created_at_ms FROM users WHERE ";
    static const std::string by_id = head + "id = ?1";
    static const std::string by_email = head + "email = lower(?1)";
    const auto* const id = std::get_if<user_id>(&who);
    auto found = id ? db.query(by_id, id->text()) : db.query(by_email, std::get<std::string>(who));
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    return *there ? std::optional{listed_at(found->row())} : std::nullopt;
}

result<void> select_items(sql::database& db, const list_query& query, user_page& page) {
    std::optional<user_id> end;
    if (!query.search.empty() && !query.email && !query.user) {
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
        page.items.push_back(listed_at(found->row()));
    }
}

result<user_page> select_page(sql::database& db, const list_query& query) {
    const auto one_moment = sql::transaction::begin(db, sql::intent::read);
    if (!one_moment) return one_moment.error();
    user_page page;
    const auto items = select_items(db, query, page);
    if (!items) return items.error();
    const auto totals = query.with_totals ? select_totals(db, page) : result<void>{};
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
    auto job = [request = std::move(request)](sql::database& db) { return apply_together(db, request); };
    co_return co_await store_.change(std::move(who), std::move(job), sql::job_size::large);
}

task<result<user_page>> sqlite_approval_store::list(list_query query) {
    auto job = [query = std::move(query)](sql::database& db) { return select_page(db, query); };
    co_return co_await store_.read(std::move(job));
}

task<result<std::optional<listed_user>>> sqlite_approval_store::find(user_ref who) {
    auto job = [who = std::move(who)](sql::database& db) { return select_user(db, who); };
    co_return co_await store_.read(std::move(job));
}

}  // namespace stagedoor::store
