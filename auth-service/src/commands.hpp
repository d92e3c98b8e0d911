// The commands beside `serve`: short, blocking, and said in one line.
#pragma once

#include "auth-service/src/options.hpp"

namespace stagedoor {

// Both: the exit code, 0 or 1; what happened on stdout, what went wrong on stderr.
int migrate(const migrate_options& options);
int create_admin(const create_admin_options& options);

}  // namespace stagedoor
