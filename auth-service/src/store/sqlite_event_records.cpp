#include "auth-service/src/store/sqlite_event_records.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using events::event_record;
using events::event_ref;
using events::parked_page;
using events::parked_row;
using runtime::task;

std::optional<std::string> to_owned(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    return std::string{*text};
}

result<event_record> select_record(sql::database& db, const event_ref& which) {
    auto found = db.query(
        "SELECT told.action, told.after, told.before ->> '$.status', told.reason, told.at_ms, told.actor, told.origin, "
        "posted.id, posted.published_at_ms, posted.parked_reason "
        "FROM audit_log AS told LEFT JOIN outbox AS posted "
        "ON posted.user_id = told.user_id AND posted.version = told.version "
        "WHERE told.user_id = ?1 AND told.version = ?2",
        which.user.text(), which.version);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return errc::not_found;
    const auto& row = found->row();
    auto event = event_at(row, 0);
    if (!event) return errc::not_found;  // a hand has written it, and no version of a user
    event_record record{std::move(*event), std::string{row.text(5)}, std::string{row.text(6)}, std::nullopt};
    if (row.optional_integer(7)) {
        const auto published = row.optional_integer(8);
        record.outbox.emplace();
        if (published) record.outbox->published_at = from_unix_ms(*published);
        record.outbox->parked = to_owned(row.optional_text(9));
    }
    return record;
}

result<parked_page> select_parked(sql::database& db, std::int64_t after, std::size_t most) {
    // Rows that are parked are unpublished: the index of those is short.
    auto found = db.query(
        "SELECT id, user_id, version, session_id, actor, at_ms, parked_reason, attempts FROM outbox "
        "WHERE published_at_ms IS NULL AND parked_reason IS NOT NULL AND id > ?1 ORDER BY id LIMIT ?2",
        after, most + 1);
    if (!found) return found.error();
    parked_page page;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return page;
        if (page.items.size() == most) {
            page.more = true;
            return page;
        }
        const auto& row = found->row();
        page.items.push_back({row.integer(0), user_id::parse(row.text(1)).value_or(user_id{}), row.optional_integer(2),
                              to_owned(row.optional_text(3)), std::string{row.text(4)}, from_unix_ms(row.integer(5)),
                              std::string{row.text(6)}, row.integer(7)});
    }
}

}  // namespace

task<result<event_record>> sqlite_event_records::find(event_ref which) {
    auto job = [which](sql::database& db) { return select_record(db, which); };
    co_return co_await store_.read(std::move(job));
}

task<result<parked_page>> sqlite_event_records::parked(std::int64_t after, std::size_t most) {
    auto job = [after, most](sql::database& db) { return select_parked(db, after, most); };
    co_return co_await store_.read(std::move(job));
}

}  // namespace stagedoor::store
