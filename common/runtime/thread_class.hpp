// Who goes first when event loops and heavy work want the same core. All calls are about the calling thread, need no
// privilege, and change nothing where the system does not know them.
#pragma once

namespace stagedoor::runtime {

// For event loops, which run for microseconds at a time: a slice of 0.1 ms, so that one that wakes up interrupts heavy
// work at once instead of waiting for that one's slice to end (Linux 6.12 and newer; sched(7), EEVDF). The share of the
// core stays what it was.
void become_prompt() noexcept;

// For heavy work: batch (SCHED_BATCH, which interrupts nobody when it wakes up), and `niceness` above the process's own,
// 0..19. It is never starved: each step is worth a factor of 1.25, so at 5 it gets a quarter of a core that others fill.
void become_batch(int niceness) noexcept;

// For heavy work that may starve (SCHED_IDLE): the kernel takes a core that runs nothing else for an idle one. Whoever wakes
// up is put there and goes on at once, as on a machine without that work. On a core that others fill it gets 3 parts of
// 1,027, and no way leads back without privilege: somebody else has to see to what may not wait (cpu_pool.hpp). So it must
// never hold a lock that others want: also not those within malloc, of the kernel's address space, or of an event loop.
void become_idle() noexcept;

}  // namespace stagedoor::runtime
