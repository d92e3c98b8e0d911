// When a row counts as taken by Redis, and how a stream that lacks versions is mended (R1, R3): pure rules without I/O.
//
//   the outbox has from top + 1 on      the stream of that user
//   the very next version               gets the run, one after the other
//   a later one first                   is begun anew with the run (rebase): what lies before is nowhere any more
//   nothing                             cannot be mended
#pragma once

#include <cstdint>
#include <optional>

#include "auth-service/src/approval/mailbox.hpp"

namespace stagedoor::approval {

// A row that was sent to its user and to the admins is taken when both have it (R3). Nobody's gap is mended for a row
// that the admins lack: it comes again.
result<posted> taken_by_both(const result<posted>& to_user, const result<void>& to_admins);

enum class mend : std::uint8_t { post, rebase };

// `top`: the newest version of the stream. `first`: of the unbroken run that the outbox has from top + 1 on.
// errc::not_found: there is none.
result<mend> how_to_mend(std::int64_t top, std::optional<std::int64_t> first);

// What a run's event came to. A gap within it: the stream was wiped meanwhile, errc::redis_unavailable.
result<void> outcome_of_post(const result<posted>& reply);

// Whether the stream was begun anew. It was not when another relay was faster: errc::redis_unavailable.
result<void> outcome_of_rebase(const result<bool>& reply);

}  // namespace stagedoor::approval
