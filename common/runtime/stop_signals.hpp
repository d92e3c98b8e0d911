// SIGINT and SIGTERM, as something to wait for.
#pragma once

namespace stagedoor::runtime {

// Blocks SIGINT and SIGTERM in the calling thread and in all that it starts later; SIGPIPE and SIGXFSZ as well, so that
// a peer that is gone and a file that may not grow are errors of a write, and no end of the process. Call first in main.
void block_stop_signals();

// Waits for SIGINT or SIGTERM and returns its number. Only the main thread calls it.
int wait_for_stop_signal();

}  // namespace stagedoor::runtime
