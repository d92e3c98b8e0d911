#include "auth-service/src/store/sqlite_user_store.hpp"

#include "auth-service/src/store/sqlite_rows.hpp"

namespace stagedoor::store {
namespace {

using runtime::task;
using user::committed;
using user::credentials;
using user::profile;
using user::profile_change;

result<committed> insert_user(sql::database& db, const user::new_user& user) {
    const auto inserted = db.execute(
        "INSERT INTO users (id, email, display_name, role, status, password_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        user.id.text(), user.email, user.display_name, to_string(user.role), to_string(user.status),
        user.password_hash);
    if (!inserted) return inserted.error();
    return load_committed(db, user.id, 0);
}

result<std::optional<credentials>> select_credentials(sql::database& db, std::string_view where, std::string_view key) {
    static const std::string sql = "SELECT " + facts_columns + ", password_hash FROM users WHERE ";
    auto found = db.query(sql + std::string{where}, key);
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return std::optional<credentials>{};
    return std::optional{credentials{facts_at(found->row(), 0), std::string{found->row().text(facts_column_count)}}};
}

// Everybody who exists has a profile; one that was never written is empty.
result<profile> select_profile(sql::database& db, const user_id& user) {
    auto found = db.query(
        "SELECT phone, company, bio FROM users LEFT JOIN stage_manager_profiles ON user_id = id "
        "WHERE id = ?1",
        user.text());
    if (!found) return found.error();
    const auto there = found->next();
    if (!there) return there.error();
    if (!*there) return errc::not_found;
    const auto& row = found->row();
    return profile{std::string{row.text(0)}, std::string{row.text(1)}, std::string{row.text(2)}};
}

result<void> write_profile(sql::database& db, const user_id& user, const user::profile_patch& patch) {
    if (!patch.phone && !patch.company && !patch.bio) return {};
    return done(
        db.execute("INSERT INTO stage_manager_profiles (user_id, phone, company, bio) "
                   "VALUES (?1, coalesce(?2, ''), coalesce(?3, ''), coalesce(?4, '')) "
                   "ON CONFLICT (user_id) DO UPDATE SET phone = coalesce(?2, phone), "
                   "company = coalesce(?3, company), bio = coalesce(?4, bio), "
                   "updated_at_ms = (SELECT now_ms FROM clock)",
                   user.text(), patch.phone, patch.company, patch.bio));
}

result<profile_change> apply_patch(sql::database& db, const user_id& user, const user::profile_patch& patch) {
    const auto before = load_facts(db, user);
    if (!before) return before.error();
    if (patch.display_name) {
        const auto named =
            db.execute("UPDATE users SET display_name = ?2 WHERE id = ?1", user.text(), *patch.display_name);
        if (!named) return named.error();
    }
    const auto written = write_profile(db, user, patch);
    if (!written) return written.error();
    auto after = load_committed(db, user, before->version);
    if (!after) return after.error();
    auto now = select_profile(db, user);
    if (!now) return now.error();
    return profile_change{std::move(*after), std::move(*now)};
}

result<committed> raise_epoch_of(sql::database& db, const user_id& user) {
    const auto before = load_facts(db, user);
    if (!before) return before.error();
    const auto raised = db.execute(
        "UPDATE users SET epoch = epoch + 1, kept_session = NULL, kept_epoch = NULL WHERE id = ?1", user.text());
    if (!raised) return raised.error();
    return load_committed(db, user, before->version);
}

// That `kept` lives is looked at by a trigger (users_keep_living_sessions).
result<committed> replace_password(sql::database& db, const user::password_change& change) {
    const auto before = load_facts(db, change.user);
    if (!before) return before.error();
    const auto replaced = db.execute(
        "UPDATE users SET password_hash = ?3, epoch = epoch + 1, kept_session = ?4, kept_epoch = epoch + 1 "
        "WHERE id = ?1 AND password_hash = ?2",
        change.user.text(), change.old_hash, change.new_hash, change.kept.text());
    if (!replaced) return replaced.error();
    if (*replaced == 0) return errc::password_changed;
    return load_committed(db, change.user, before->version);
}

}  // namespace

task<result<committed>> sqlite_user_store::create(user::new_user user, user::actor by) {
    auto job = [user = std::move(user)](sql::database& db) { return insert_user(db, user); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<std::optional<credentials>>> sqlite_user_store::find_credentials(std::string email) {
    auto job = [email = std::move(email)](sql::database& db) {
        return select_credentials(db, "email = lower(?1)", email);
    };
    co_return co_await store_.read(std::move(job));
}

task<result<credentials>> sqlite_user_store::find_credentials(user_id user) {
    auto job = [user](sql::database& db) { return select_credentials(db, "id = ?1", user.text()); };
    auto found = co_await store_.read(std::move(job));
    if (!found) co_return found.error();
    if (!*found) co_return errc::not_found;
    co_return std::move(**found);
}

task<result<user_facts>> sqlite_user_store::find(user_id user) {
    auto job = [user](sql::database& db) { return load_facts(db, user); };
    co_return co_await store_.read(std::move(job));
}

task<result<profile>> sqlite_user_store::find_profile(user_id user) {
    auto job = [user](sql::database& db) { return select_profile(db, user); };
    co_return co_await store_.read(std::move(job));
}

task<result<profile_change>> sqlite_user_store::update_profile(user_id user, user::profile_patch patch,
                                                               user::actor by) {
    auto job = [user, patch = std::move(patch)](sql::database& db) { return apply_patch(db, user, patch); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<void>> sqlite_user_store::rehash(user_id user, std::string old_hash, std::string new_hash) {
    auto job = [user, before = std::move(old_hash), after = std::move(new_hash)](sql::database& db) {
        return done(db.execute("UPDATE users SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2", user.text(),
                               before, after));
    };
    author who{user.text(), "api", "rehash"};
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<committed>> sqlite_user_store::raise_epoch(user_id user, user::actor by) {
    auto job = [user](sql::database& db) { return raise_epoch_of(db, user); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

task<result<committed>> sqlite_user_store::change_password(user::password_change change, user::actor by) {
    auto job = [change = std::move(change)](sql::database& db) { return replace_password(db, change); };
    auto who = author_of(std::move(by));
    co_return co_await store_.change(std::move(who), std::move(job));
}

}  // namespace stagedoor::store
