#include "auth-service/src/store/sqlite_answer_store.hpp"

#include <algorithm>
#include <span>

#include "auth-service/src/store/sqlite_rows.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::store {
namespace {

using admin::kept_request;
using runtime::task;
using bytes_view = std::span<const std::uint8_t>;
using standing = kept_request::standing;

constexpr std::int64_t milliseconds(std::chrono::milliseconds time) { return time.count(); }

// A row whose time has passed, or whose request was never answered, is as good as none.
result<void> delete_old(sql::database& db) {
    return done(db.execute("DELETE FROM kept_answers WHERE begun_at_ms <= (SELECT now_ms FROM clock) - ?1",
                           milliseconds(limits::kept_answer_time)));
}

result<kept_request> insert_request(sql::database& db, bytes_view key, bytes_view request) {
    const auto inserted = db.execute(
        "INSERT INTO kept_answers (key_hash, request, begun_at_ms) SELECT ?1, ?2, now_ms FROM clock", key, request);
    if (!inserted) return inserted.error();
    // Ids rise by one: those below are more than may be kept.
    const auto dropped = db.execute("DELETE FROM kept_answers WHERE id <= ?1",
                                    db.last_insert_id() - static_cast<std::int64_t>(limits::kept_answers));
    if (!dropped) return dropped.error();
    return kept_request{};
}

result<kept_request> begin_request(sql::database& db, const sha256_digest& key, const sha256_digest& request) {
    const auto purged = delete_old(db);
    if (!purged) return purged.error();
    const auto abandoned = db.execute(
        "DELETE FROM kept_answers WHERE key_hash = ?1 AND answer IS NULL "
        "AND begun_at_ms <= (SELECT now_ms FROM clock) - ?2",
        bytes_view{key}, milliseconds(limits::kept_answer_lease));
    if (!abandoned) return abandoned.error();

    auto found = db.query("SELECT request, answer FROM kept_answers WHERE key_hash = ?1", bytes_view{key});
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return insert_request(db, key, request);
    const auto& row = found->row();
    if (!std::ranges::equal(row.bytes(0), request)) return kept_request{standing::other, {}};
    if (row.is_null(1)) return kept_request{standing::in_flight, {}};
    const auto answer = row.bytes(1);
    return kept_request{standing::answered, {answer.begin(), answer.end()}};
}

result<void> write_answer(sql::database& db, const sha256_digest& key, const std::string& sealed) {
    const bytes_view answer{reinterpret_cast<const std::uint8_t*>(sealed.data()), sealed.size()};
    const auto written = db.execute("UPDATE kept_answers SET answer = ?2 WHERE key_hash = ?1 AND answer IS NULL",
                                    bytes_view{key}, answer);
    if (!written) return written.error();
    // Small ones are bounded by their number, and no large one pushes them out.
    if (sealed.size() <= large_answer_bytes) return {};
    return done(
        db.execute("DELETE FROM kept_answers WHERE length(answer) > ?2 AND id <= "
                   "(SELECT max(id) FROM (SELECT id, sum(length(answer)) OVER (ORDER BY id DESC) AS room "
                   "FROM kept_answers WHERE length(answer) > ?2) WHERE room > ?1)",
                   limits::kept_answer_bytes, large_answer_bytes));
}

}  // namespace

task<result<kept_request>> sqlite_answer_store::begin(sha256_digest key, sha256_digest request) {
    auto job = [key, request](sql::database& db) { return begin_request(db, key, request); };
    co_return co_await store_.write(std::move(job));
}

task<result<void>> sqlite_answer_store::keep(sha256_digest key, std::string sealed) {
    auto job = [key, sealed = std::move(sealed)](sql::database& db) { return write_answer(db, key, sealed); };
    co_return co_await store_.write(std::move(job));
}

task<result<void>> sqlite_answer_store::forget(sha256_digest key) {
    auto job = [key](sql::database& db) {
        return done(db.execute("DELETE FROM kept_answers WHERE key_hash = ?1 AND answer IS NULL", bytes_view{key}));
    };
    co_return co_await store_.write(std::move(job));
}

task<result<void>> sqlite_answer_store::purge() {
    auto job = [](sql::database& db) { return delete_old(db); };
    co_return co_await store_.write(std::move(job));
}

}  // namespace stagedoor::store
