// What a fence is worth, and how a replay goes on: pure rules without I/O (R6, R7).
//
//   state               means                                                    then
//   whole               Redis has every row up to the cursor                     relay, believe
//   replaying           a relay, perhaps one that is no more, has begun a replay go on with it
//   broken              data is missing, or nobody knows                         open a replay
//   fed_elsewhere       the database says that another Redis is being fed        believe nothing; after a while, broken
//   database_went_back  Redis has what the database does not know                an operator has to say what to do
#pragma once

#include <cstdint>
#include <string>

#include "auth-service/src/approval/fence_store.hpp"
#include "auth-service/src/approval/outbox.hpp"

namespace stagedoor::approval {

enum class data_state : std::uint8_t { whole, replaying, broken, fed_elsewhere, database_went_back };

// The database was restored from a backup and lifted above all that Redis has (`after-restore`): it is fed to nobody,
// at a count that no fence from before has reached. Such a fence tells nothing, its data neither.
bool is_disowned(const fence& what, const outbox_standing& db) noexcept;

// `db` was read after `seen`, and knows `seen.what`'s cursor.
data_state judge(const fence_sight& seen, const outbox_standing& db) noexcept;

// A replay of what `seen` lacks, as its first fence. What is before the cursor is there; with `rows_missing` behind it,
// session records are forgotten first, for they may be of sessions whose end nobody can name any more; so they are
// where the fence is disowned, and then the replay begins at the first row.
fence open_replay(const fence_sight& seen, const outbox_standing& db, bool rows_missing, std::string life, instant now);

// The step that follows one that is done.
fence next_step(fence replaying);

// `at` when Redis has every row up to `newest` as well. A cursor never goes back.
fence moved_on(fence at, const outbox_mark& newest);

// Whether what was relayed to `life` may be marked published: `now`, read after it was relayed, says that Redis has it.
bool may_mark(const fence_sight& now, const fence& life) noexcept;

}  // namespace stagedoor::approval
