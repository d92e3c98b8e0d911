#include "auth-service/src/store/sqlite_token_store.hpp"

#include <span>

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using admin::api_token;
using admin::presented_token;
using admin::token_id;
using admin::token_page;
using admin::token_scope;
using runtime::task;

constexpr std::string_view scopes_of_reader = R"(["read"])";
constexpr std::string_view scopes_of_approver = R"(["read","approve"])";

std::string_view scopes_text(token_scope scope) noexcept {
    return scope == token_scope::read ? scopes_of_reader : scopes_of_approver;
}

const std::string token_columns =
    facts_columns +
    ", api_tokens.id, api_tokens.name, api_tokens.scopes, api_tokens.created_at_ms, api_tokens.expires_at_ms, "
    "api_tokens.last_used_at_ms, api_tokens.revoked_at_ms";
constexpr int token_columns_begin = facts_column_count;
constexpr int token_columns_end = facts_column_count + 7;

std::optional<instant> instant_at(const sql::statement& row, int column) {
    const auto ms = row.optional_integer(column);
    return ms ? std::optional{from_unix_ms(*ms)} : std::nullopt;
}

api_token token_at(const sql::statement& row) {
    constexpr int first = token_columns_begin;
    // An expiry that a hand has left out of an old row is one that has passed.
    return {token_id::parse(row.text(first)).value_or(token_id{}),
            std::string{row.text(first + 1)},
            row.text(first + 2) == scopes_of_approver ? token_scope::approve : token_scope::read,
            facts_at(row, 0),
            from_unix_ms(row.integer(first + 3)),
            from_unix_ms(row.integer(first + 4)),
            instant_at(row, first + 5),
            instant_at(row, first + 6)};
}

result<std::optional<api_token>> select_token(sql::database& db, const token_id& token) {
    static const std::string sql =
        "SELECT " + token_columns + " FROM api_tokens JOIN users ON users.id = user_id WHERE api_tokens.id = ?1";
    auto found = db.query(sql, token.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<api_token>{};
    return std::optional{token_at(found->row())};
}

result<api_token> insert_token(sql::database& db, const admin::new_token& token) {
    const auto inserted = db.execute(
        "INSERT INTO api_tokens (id, user_id, name, token_hash, scopes, created_at_ms, expires_at_ms) "
        "SELECT ?1, ?2, ?3, ?4, ?5, now_ms, now_ms + ?6 FROM clock",
        token.id.text(), token.owner.text(), token.name, std::span<const std::uint8_t>{token.digest},
        scopes_text(token.scope), token.life.count());
    if (!inserted) return inserted.error();
    auto made = select_token(db, token.id);
    if (!made) return made.error();
    if (!*made) return errc::internal_error;  // it was inserted just now
    return std::move(**made);
}

result<std::optional<presented_token>> select_presented(sql::database& db, const sha256_digest& digest) {
    static const std::string sql =
        "SELECT " + token_columns +
        ", coalesce(expires_at_ms, 0) <= now_ms, coalesce(last_used_at_ms, 0) + ?2 <= now_ms "
        "FROM api_tokens JOIN users ON users.id = user_id JOIN clock WHERE token_hash = ?1";
    auto found = db.query(sql, std::span<const std::uint8_t>{digest},
                          std::chrono::milliseconds{limits::api_token_use_interval}.count());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<presented_token>{};
    const auto& row = found->row();
    return std::optional{
        presented_token{token_at(row), row.integer(token_columns_end) != 0, row.integer(token_columns_end + 1) != 0}};
}

result<void> revoke_token(sql::database& db, const token_id& token) {
    const auto revoked = db.execute(
        "UPDATE api_tokens SET revoked_at_ms = (SELECT now_ms FROM clock) WHERE id = ?1 AND revoked_at_ms IS NULL",
        token.text());
    if (!revoked) return revoked.error();
    if (*revoked > 0) return {};
    const auto there = select_token(db, token);
    if (!there) return there.error();
    if (!*there) return errc::not_found;
    return {};
}

result<token_page> select_tokens(sql::database& db, const std::optional<token_id>& before, std::size_t limit) {
    static const std::string sql = "SELECT " + token_columns +
                                   " FROM api_tokens JOIN users ON users.id = user_id "
                                   "WHERE api_tokens.id < coalesce(?1, '~') ORDER BY api_tokens.id DESC LIMIT ?2";
    const auto from = before ? std::optional{before->text()} : std::nullopt;
    auto found = db.query(sql, from, limit + 1);  // one more tells whether there is another page
    if (!found) return found.error();
    token_page page;
    for (;;) {
        const auto there = found->next();
        if (!there) return there.error();
        if (!*there) return page;
        page.more = page.items.size() == limit;
        if (page.more) return page;
        page.items.push_back(token_at(found->row()));
    }
}

}  // namespace

task<result<api_token>> sqlite_token_store::create(admin::new_token token, user::actor by) {
    auto job = [token = std::move(token)](sql::database& db) { return insert_token(db, token); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<std::optional<presented_token>>> sqlite_token_store::find(sha256_digest digest) {
    auto job = [digest](sql::database& db) { return select_presented(db, digest); };
    co_return co_await store_.read(std::move(job));
}

task<result<void>> sqlite_token_store::note_use(token_id token) {
    auto job = [token](sql::database& db) {
        return done(db.execute("UPDATE api_tokens SET last_used_at_ms = (SELECT now_ms FROM clock) WHERE id = ?1",
                               token.text()));
    };
    co_return co_await store_.write(std::move(job));
}

task<result<void>> sqlite_token_store::revoke(token_id token, user::actor by) {
    auto job = [token](sql::database& db) { return revoke_token(db, token); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<token_page>> sqlite_token_store::list(std::optional<token_id> before, std::size_t limit) {
    auto job = [before, limit](sql::database& db) { return select_tokens(db, before, limit); };
    co_return co_await store_.read(std::move(job));
}

}  // namespace stagedoor::store
