// notify-service, wired: which object stands on which, who starts and who ends when.
#pragma once

#include "notify-service/src/options.hpp"

namespace stagedoor::notify {

// Serves until SIGINT or SIGTERM. The exit code: 0, or 1 with one line on the log that says what is in the way.
int serve(const serve_options& options);

}  // namespace stagedoor::notify
