// The schema of Stagedoor in SQLite: migrations/sqlite/*.sql, embedded in the binary, in the order of their numbers.
#pragma once

#include <span>

#include "common/sql/migrations.hpp"

namespace stagedoor::store {

std::span<const sql::migration> sqlite_schema() noexcept;

}  // namespace stagedoor::store
