// Brings a database to the schema of this build, and proves that it is that schema.
//
// All that is missing is applied in one transaction under the write lock: processes that start together wait for the
// first, and a crash leaves the schema as it was. A database that is newer, foreign or altered is refused in words.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::sql {

struct migration {
    std::int64_t version;   // 1, 2, 3 … without holes
    std::string_view name;  // for people
    std::string_view sql;   // any number of statements; no BEGIN, COMMIT or PRAGMA journal_mode
};

// Why a database cannot be used, for the one who starts the process.
struct schema_problem {
    errc error;  // database_busy, database_unavailable, or internal_error when the schema is not ours
    std::string message;
};

struct schema_change {
    std::int64_t from = 0;  // 0: the database was empty
    std::int64_t to = 0;
};

template <class T>
using schema_result = boost::system::result<T, schema_problem>;

// Applies what is missing of `steps`, then checks as check_schema does. A second run changes nothing.
schema_result<schema_change> migrate(database& db, std::span<const migration> steps);

// Compares each table, view, index and trigger that `steps` create with the text in `db` (S2: a trigger that was
// altered or dropped would let changes pass in silence). Foreign triggers on our tables are refused as well; foreign
// tables and indexes are nobody's business.
schema_result<schema_change> check_schema(database& db, std::span<const migration> steps);

}  // namespace stagedoor::sql
