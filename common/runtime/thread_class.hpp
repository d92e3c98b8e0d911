// Who goes first when event loops and heavy work want the same core. Both calls are about the calling thread, need no
// privilege, and change nothing where the system does not know them.
#pragma once

namespace stagedoor::runtime {

// For event loops, which run for microseconds at a time: a slice of 0.1 ms, so that one that wakes up interrupts heavy
// work at once instead of waiting for that one's slice to end (Linux 6.12 and newer; sched(7), EEVDF). The share of the
// core stays what it was.
void become_prompt() noexcept;

// For heavy work: batch (SCHED_BATCH, which interrupts nobody when it wakes up), and `niceness` above the process's own,
// 1..19. It is never starved: each step is worth a factor of 1.25, so at 5 it gets a quarter of a core that others fill.
void become_batch(int niceness) noexcept;

}  // namespace stagedoor::runtime
