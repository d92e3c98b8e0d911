// Transactions and savepoints that undo themselves unless they are kept.
#pragma once

#include <cstdint>
#include <utility>

#include "common/core/errc.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::sql {

enum class intent : std::uint8_t {
    read,   // one view of the database for several statements
    write,  // takes the write lock at once, so that nothing read goes stale before it is written (S4)
};

class transaction {
public:
    // errc::database_busy when another connection writes for longer than the busy time.
    static result<transaction> begin(database& db, intent what);

    transaction(transaction&& other) noexcept : db_{std::exchange(other.db_, nullptr)} {}
    transaction& operator=(transaction&&) = delete;
    ~transaction();

    // On disk once it has succeeded; rolled back when it fails.
    result<void> commit();

private:
    explicit transaction(database& db) noexcept : db_{&db} {}
    database* db_;
};

// A part of a transaction that can be undone alone. Savepoints nest like scopes.
class savepoint {
public:
    static result<savepoint> open(database& db);

    savepoint(savepoint&& other) noexcept : db_{std::exchange(other.db_, nullptr)} {}
    savepoint& operator=(savepoint&&) = delete;
    ~savepoint();

    // Makes it part of what is around it.
    result<void> release();

    // What the destructor does, for those who have to know whether it succeeded.
    result<void> undo();

private:
    explicit savepoint(database& db) noexcept : db_{&db} {}
    database* db_;
};

}  // namespace stagedoor::sql
