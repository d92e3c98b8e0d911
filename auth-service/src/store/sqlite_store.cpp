#include "auth-service/src/store/sqlite_store.hpp"

#include <spdlog/spdlog.h>
#include <sqlite3.h>

#include <array>

#include "auth-service/src/store/sqlite_schema.hpp"
#include "common/sql/error.hpp"

namespace stagedoor::store {
namespace {

// Another process may be migrating: that takes longer than a change.
constexpr auto migration_busy_time = std::chrono::seconds{10};

struct refusal {
    std::string_view word;
    errc error;
};

// The first words of the triggers' messages (migrations/sqlite) that are outcomes rather than bugs.
constexpr std::array refusals{
    refusal{"email_taken", errc::email_taken},
    refusal{"invalid_transition", errc::invalid_transition},
    refusal{"unknown_user", errc::not_found},
    refusal{"invalid_user", errc::validation_failed},
    refusal{"session_over", errc::session_revoked},
    refusal{"invalid_session", errc::validation_failed},
    refusal{"no_admin", errc::forbidden},
    refusal{"too_many_tokens", errc::too_many_tokens},
    refusal{"invalid_token", errc::validation_failed},
};

result<void> without_count(const result<std::int64_t>& done) {
    if (!done) return done.error();
    return {};
}

}  // namespace

sql::schema_problem cannot_open(const std::string& path, const boost::system::error_code& failure,
                                const std::string& why) {
    return {to_errc(failure), "cannot open the database " + path + ": " + (why.empty() ? failure.message() : why)};
}

boost::system::error_code explain(const boost::system::error_code& failure, const sql::database& db) {
    if (!sql::is_refusal(failure)) return failure;
    const auto word = sql::refusal_word(db.last_message());
    for (const auto& known : refusals) {
        if (known.word == word) return known.error;
    }
    if (failure.value() == SQLITE_CONSTRAINT_CHECK) return errc::validation_failed;
    spdlog::error("the database refused a change, which is a bug: {}", db.last_message());
    return errc::internal_error;
}

result<void> enter_context(sql::database& db, const author& by) {
    const auto unless_empty = [](const std::string& text) {
        return text.empty() ? std::nullopt : std::optional<std::string_view>{text};
    };
    return without_count(db.execute(
        "INSERT INTO change_context (actor, origin, reason, address, token_id) VALUES (?1, ?2, ?3, ?4, ?5)", by.actor,
        by.origin, unless_empty(by.reason), unless_empty(by.address), unless_empty(by.token_id)));
}

author author_of(user::actor by, std::string reason) {
    return {std::move(by.id), std::move(by.origin), std::move(reason), std::move(by.address), std::move(by.token)};
}

result<void> leave_context(sql::database& db) { return without_count(db.execute("DELETE FROM change_context")); }

sql::schema_result<std::unique_ptr<sqlite_store>> sqlite_store::open(std::string path, std::size_t readers) {
    std::string why;
    {
        const sql::open_options patiently{.how = sql::access::create, .busy_time = migration_busy_time};
        const auto first = sql::database::open(path, patiently, &why);
        if (!first) return cannot_open(path, first.error(), why);
        const auto migrated = sql::migrate(**first, sqlite_schema());
        if (!migrated) return sql::schema_problem{migrated.error().error, path + ": " + migrated.error().message};
        if (migrated->from != migrated->to) {
            spdlog::info("database {}: schema {} brought to {}", path, migrated->from, migrated->to);
        }
    }
    auto writer = sql::database::open(path, {}, &why);
    if (!writer) return cannot_open(path, writer.error(), why);
    std::vector<std::unique_ptr<sql::database>> connections;
    for (std::size_t i = 0; i < readers; ++i) {
        auto reader = sql::database::open(path, {.how = sql::access::read}, &why);
        if (!reader) return cannot_open(path, reader.error(), why);
        connections.push_back(std::move(*reader));
    }
    return std::unique_ptr<sqlite_store>{new sqlite_store{std::move(path), std::move(*writer), std::move(connections)}};
}

result<std::unique_ptr<sql::data_version_watch>> sqlite_store::watch(
    sql::data_version_watch::callback on_commit) const {
    auto own = sql::database::open(path_, {.how = sql::access::read});
    if (!own) return own.error();
    return std::make_unique<sql::data_version_watch>(std::move(*own), std::move(on_commit));
}

void sqlite_store::stop() {
    writer_.stop();
    readers_.stop();
}

}  // namespace stagedoor::store
