#include "common/sql/migrations.hpp"

#include <map>
#include <set>
#include <utility>

#include "common/sql/transaction.hpp"

namespace stagedoor::sql {
namespace {

// Marks the file as Stagedoor's (`PRAGMA application_id`): "STGD".
constexpr std::int64_t application_id = 0x53544744;

constexpr std::string_view create_history =
    "CREATE TABLE schema_migrations (\n"
    "  version       INTEGER NOT NULL PRIMARY KEY CHECK (version >= 1),\n"
    "  name          TEXT    NOT NULL,\n"
    "  applied_at_ms INTEGER NOT NULL DEFAULT (CAST(round((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER))\n"
    ") STRICT";

struct object {
    std::string type;
    std::string table;
    std::string sql;
};
using objects = std::map<std::string, object, std::less<>>;  // by name

std::string quoted(std::string_view name) { return "'" + std::string{name} + "'"; }

schema_problem problem_of(const database& db, const boost::system::error_code& error, std::string_view doing) {
    const auto code = to_errc(error);
    std::string message = std::string{doing} + ": " + db.last_message();
    if (code == errc::database_busy) message = std::string{doing} + ": another process holds the database";
    return {code, std::move(message)};
}

result<std::int64_t> number(database& db, std::string_view sql) {
    auto asked = db.query(sql);
    if (!asked) return asked.error();
    const auto row = asked->next();
    if (!row) return row.error();
    return *row ? asked->row().integer(0) : 0;
}

// The newest step that was applied; 0 for an empty database.
schema_result<std::int64_t> current_version(database& db, std::int64_t newest_known) {
    constexpr std::string_view doing = "reading the schema's version";
    const auto ours = number(db, "PRAGMA application_id");
    if (!ours) return problem_of(db, ours.error(), doing);
    if (*ours != application_id) {
        const auto tables = number(db, "SELECT count(*) FROM sqlite_schema");
        if (!tables) return problem_of(db, tables.error(), doing);
        if (*ours == 0 && *tables == 0) return 0;
        return schema_problem{errc::internal_error, "the database belongs to another application"};
    }
    const auto version = number(db, "SELECT max(version) FROM schema_migrations");
    if (!version) return problem_of(db, version.error(), doing);
    if (*version > newest_known) {
        return schema_problem{errc::internal_error, "the database has schema " + std::to_string(*version) +
                                                        ", this build knows schemas up to " +
                                                        std::to_string(newest_known) + ": start a newer build"};
    }
    return *version;
}

result<void> mark_as_ours(database& db) {
    const auto marked = db.run_script("PRAGMA application_id = " + std::to_string(application_id));
    if (!marked) return marked;
    return db.run_script(std::string{create_history});
}

result<void> apply(database& db, const migration& step) {
    const auto done = db.run_script(std::string{step.sql});
    if (!done) return done;
    const auto noted =
        db.execute("INSERT INTO schema_migrations (version, name) VALUES (?1, ?2)", step.version, step.name);
    if (!noted) return noted.error();
    return {};
}

schema_result<schema_change> apply_missing(database& db, std::span<const migration> steps) {
    auto writing = transaction::begin(db, intent::write);
    if (!writing) return problem_of(db, writing.error(), "waiting to migrate");
    const auto from = current_version(db, static_cast<std::int64_t>(steps.size()));
    if (!from) return from.error();
    if (*from == 0) {
        const auto marked = mark_as_ours(db);
        if (!marked) return problem_of(db, marked.error(), "marking the database");
    }
    for (const auto& step : steps.subspan(static_cast<std::size_t>(*from))) {
        const auto applied = apply(db, step);
        if (!applied) return problem_of(db, applied.error(), "migration " + quoted(step.name));
    }
    const auto committed = writing->commit();
    if (!committed) return problem_of(db, committed.error(), "migrating");
    return schema_change{*from, static_cast<std::int64_t>(steps.size())};
}

result<objects> read_objects(database& db) {
    auto found = db.query(
        "SELECT name, type, tbl_name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite@_%' "
        "ESCAPE '@'");
    if (!found) return found.error();
    objects all;
    for (;;) {
        const auto row = found->next();
        if (!row) return row.error();
        if (!*row) return all;
        const auto& columns = found->row();
        all.emplace(columns.text(0),
                    object{std::string{columns.text(1)}, std::string{columns.text(2)}, std::string{columns.text(3)}});
    }
}

// What `steps` make of an empty database, which is what SQLite keeps of their texts.
schema_result<objects> expected_objects(std::span<const migration> steps) {
    const auto scratch = database::open(":memory:", {.how = access::create});
    if (!scratch) return schema_problem{to_errc(scratch.error()), "no memory to check the schema"};
    const auto made = apply_missing(**scratch, steps);
    if (!made) return made.error();
    auto read = read_objects(**scratch);
    if (!read) return problem_of(**scratch, read.error(), "checking the schema");
    return std::move(*read);
}

}  // namespace

schema_result<schema_change> check_schema(database& db, std::span<const migration> steps) {
    const auto version = current_version(db, static_cast<std::int64_t>(steps.size()));
    if (!version) return version.error();
    if (*version < static_cast<std::int64_t>(steps.size())) {
        return schema_problem{errc::internal_error, "the database has schema " + std::to_string(*version) + " of " +
                                                        std::to_string(steps.size()) + ": run migrate"};
    }
    const auto expected = expected_objects(steps);
    if (!expected) return expected.error();
    const auto found = read_objects(db);
    if (!found) return problem_of(db, found.error(), "checking the schema");

    std::set<std::string_view> our_tables;
    for (const auto& [name, ours] : *expected) {
        our_tables.insert(ours.table);
        const auto there = found->find(name);
        if (there == found->end()) {
            return schema_problem{errc::internal_error,
                                  "the " + ours.type + " " + quoted(name) + " is missing from the database"};
        }
        if (there->second.sql != ours.sql) {
            return schema_problem{errc::internal_error,
                                  "the " + ours.type + " " + quoted(name) + " is not the one of this schema"};
        }
    }
    for (const auto& [name, theirs] : *found) {
        if (theirs.type == "trigger" && !expected->contains(name) && our_tables.contains(theirs.table)) {
            return schema_problem{errc::internal_error,
                                  "the trigger " + quoted(name) + " on " + quoted(theirs.table) + " is not ours"};
        }
    }
    return schema_change{*version, *version};
}

schema_result<schema_change> migrate(database& db, std::span<const migration> steps) {
    const auto applied = apply_missing(db, steps);
    if (!applied) return applied.error();
    const auto checked = check_schema(db, steps);
    if (!checked) return checked.error();
    return *applied;
}

}  // namespace stagedoor::sql
