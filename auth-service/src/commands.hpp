// The commands beside `serve`: short, blocking, and said in one line.
#pragma once

#include "auth-service/src/options.hpp"

namespace stagedoor {

// All: the exit code, 0 or 1; what happened on stdout, what went wrong on stderr.
// Prints the `settings` in force, then looks at the key file as `serve` would, without making it.
int check_config(const serve_options& options, const std::string& settings);
int migrate(const migrate_options& options);
int create_admin(const create_admin_options& options);
// Prints the token alone on stdout.
int create_token(const create_token_options& options);
int after_restore(const after_restore_options& options);

}  // namespace stagedoor
