// Makes a thread of class idle leave its core soon when somebody else has work there.
//
// To the kernel's scheduler (EEVDF, sched(7)) also a thread of class idle has a share of its core, and so a turn now and
// then: when one who waits there has just had microseconds more than its own share, the idle one goes first. Its turn
// should be over after microseconds, too, but the kernel does not look before its next tick, up to 4 ms later (HZ=250).
// While this timer runs, the thread yields every 0.25 ms (sched_yield(2)), which costs it about a hundredth of its time.
#pragma once

#include <sys/types.h>
#include <time.h>

#include <optional>

namespace stagedoor::runtime {

// All calls by one and the same thread. Where the system has no timer left (RLIMIT_SIGPENDING), nothing happens. The
// process's first one takes the signal SIGRTMIN.
class yield_timer {
public:
    yield_timer() noexcept;
    ~yield_timer();
    yield_timer(const yield_timer&) = delete;
    yield_timer& operator=(const yield_timer&) = delete;

    void start() noexcept;
    void stop() noexcept;

private:
    std::optional<timer_t> timer_;
};

}  // namespace stagedoor::runtime
