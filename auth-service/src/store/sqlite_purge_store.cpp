#include "auth-service/src/store/sqlite_purge_store.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <vector>

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::store {
namespace {

using runtime::task;
using upkeep::purge_step;

// What a look has found: rows to be deleted, and where the next look begins.
struct found_rows {
    std::vector<std::int64_t> ids;
    std::int64_t at = 0;
    bool end = false;
};

// The end of a stretch of rows behind `after`; `at` 0: there is none.
result<found_rows> next_stretch(sql::database& db, std::int64_t after) {
    auto found = db.query(
        "SELECT coalesce(max(id), 0), count(*) FROM (SELECT id FROM outbox WHERE id > ?1 ORDER BY id LIMIT ?2)", after,
        limits::purge_stretch);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    const auto count = static_cast<std::size_t>(found->row().integer(1));
    return found_rows{{}, found->row().integer(0), count < limits::purge_stretch};
}

result<found_rows> look_in_outbox(sql::database& db, std::int64_t after, std::int64_t keep_ms) {
    auto stretch = next_stretch(db, after);
    if (!stretch) return stretch;
    auto found = db.query(
        "SELECT id FROM outbox AS this WHERE id > ?1 AND id <= ?2 "
        "AND published_at_ms < (SELECT now_ms FROM clock) - ?3 "
        "AND (kind = 'session_ended' OR version < (SELECT version FROM outbox WHERE user_id = this.user_id "
        "ORDER BY version DESC LIMIT 1 OFFSET ?4)) ORDER BY id LIMIT ?5",
        after, stretch->at, keep_ms, limits::outbox_kept_changes - 1, limits::purge_rows);
    if (!found) return found.error();
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) break;
        stretch->ids.push_back(found->row().integer(0));
    }
    if (stretch->ids.size() == limits::purge_rows) stretch->at = stretch->ids.back(), stretch->end = false;
    return stretch;
}

result<std::vector<std::string>> look_in_ledger(sql::database& db, std::int64_t keep_ms) {
    auto found = db.query(
        "SELECT id FROM sessions WHERE expires_at_ms < (SELECT now_ms FROM clock) - ?1 ORDER BY expires_at_ms LIMIT ?2",
        keep_ms, limits::purge_rows);
    if (!found) return found.error();
    std::vector<std::string> ids;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return ids;
        ids.emplace_back(found->row().text(0));
    }
}

// How many were there.
template <class Id>
result<std::int64_t> delete_each(sql::database& db, std::string_view sql, const std::vector<Id>& ids) {
    std::int64_t deleted = 0;
    for (const auto& id : ids) {
        const auto gone = db.execute(sql, id);
        if (!gone) return gone;
        deleted += *gone;
    }
    return deleted;
}

result<std::optional<instant>> select_oldest(sql::database& db) {
    auto found = db.query("SELECT at_ms FROM outbox ORDER BY id LIMIT 1");
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<instant>{};
    return std::optional{from_unix_ms(found->row().integer(0))};
}

}  // namespace

bool sqlite_purge_store::begin_turn() {
    if (lock_ >= 0) return false;
    const auto path = store_.path() + "-purge";
    const int opened = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (opened < 0) return false;
    if (::flock(opened, LOCK_EX | LOCK_NB) != 0) {
        ::close(opened);
        return false;
    }
    lock_ = opened;
    return true;
}

void sqlite_purge_store::end_turn() noexcept {
    if (lock_ >= 0) ::close(lock_);  // and with it the lock
    lock_ = -1;
}

task<result<purge_step>> sqlite_purge_store::purge_outbox(std::int64_t after, std::chrono::milliseconds keep) {
    auto look = [after, keep_ms = keep.count()](sql::database& db) { return look_in_outbox(db, after, keep_ms); };
    auto found = co_await store_.read(std::move(look));
    if (!found) co_return found.error();
    purge_step step{0, found->at, found->end};
    if (found->ids.empty()) co_return step;
    auto job = [ids = std::move(found->ids)](sql::database& db) {
        return delete_each(db, "DELETE FROM outbox WHERE id = ?1 AND published_at_ms IS NOT NULL", ids);
    };
    const auto deleted = co_await store_.write(std::move(job));
    if (!deleted) co_return deleted.error();
    step.deleted = static_cast<std::size_t>(*deleted);
    co_return step;
}

task<result<purge_step>> sqlite_purge_store::purge_ledger(std::chrono::milliseconds keep) {
    auto look = [keep_ms = keep.count()](sql::database& db) { return look_in_ledger(db, keep_ms); };
    auto found = co_await store_.read(std::move(look));
    if (!found) co_return found.error();
    purge_step step{0, 0, found->size() < limits::purge_rows};
    if (found->empty()) co_return step;
    auto job = [ids = std::move(*found)](sql::database& db) {
        return delete_each(db, "DELETE FROM sessions WHERE id = ?1", ids);
    };
    const auto deleted = co_await store_.write(std::move(job));
    if (!deleted) co_return deleted.error();
    step.deleted = static_cast<std::size_t>(*deleted);
    co_return step;
}

task<result<std::optional<instant>>> sqlite_purge_store::oldest_outbox_row() {
    auto look = [](sql::database& db) { return select_oldest(db); };
    co_return co_await store_.read(std::move(look));
}

}  // namespace stagedoor::store
