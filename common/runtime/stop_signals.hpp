// SIGINT and SIGTERM, as something to wait for.
#pragma once

namespace stagedoor::runtime {

// Blocks SIGINT, SIGTERM and SIGPIPE in the calling thread and in all that it starts later. Call first in main.
void block_stop_signals();

// Waits for SIGINT or SIGTERM and returns its number. Only the main thread calls it.
int wait_for_stop_signal();

}  // namespace stagedoor::runtime
