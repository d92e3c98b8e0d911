// What a database that was restored from a backup needs before nodes may start on it (R7): Redis and browsers know
// later versions than it has, and sessions that ended after the backup would live in it again.
#pragma once

#include <cstdint>
#include <string>

#include "common/sql/migrations.hpp"

namespace stagedoor::store {

// Each user's version and epoch, the ids of outbox and audit_log and the count of the feed are lifted to the time in
// unix milliseconds: nothing changes that often, and a second restore of the same backup gets above what the first one
// has given out. What is above the time already, since a clock was wrong, is lifted by this: more changes than happen
// between a backup and its restore.
inline constexpr std::int64_t restore_step = 1'000'000;

struct restored {
    std::int64_t users = 0;     // each got a version and an epoch that nobody has seen
    std::int64_t sessions = 0;  // that would have lived, and are over
};

// All or nothing, in one transaction; once more does the same again. Beside it nobody may have the database open.
//   errc::database_busy         somebody has it open
//   errc::database_unavailable  it is missing, or cannot be read or written
//   errc::internal_error        it has another schema, or a number would pass 2^53 - 1
sql::schema_result<restored> after_restore(const std::string& path);

}  // namespace stagedoor::store
