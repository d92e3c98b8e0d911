// Transitions of status in SQLite: of one person, and of many at once. Each call is part of a job of the writer.
#pragma once

#include <vector>

#include "auth-service/src/approval/approval_store.hpp"
#include "common/sql/database.hpp"

namespace stagedoor::store {

// As approval_store::apply, with whose doing the outcome is: a batch says that once for all.
result<approval::transition_outcome> apply_alone(sql::database& db, const approval::transition_request& request);

// As approval_store::apply_batch.
result<std::vector<result<approval::transition_outcome>>> apply_together(sql::database& db,
                                                                         const approval::batch_request& request);

}  // namespace stagedoor::store
