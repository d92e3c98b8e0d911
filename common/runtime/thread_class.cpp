#include "common/runtime/thread_class.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace stagedoor::runtime {
namespace {

constexpr std::uint64_t prompt_slice_ns = 100'000;  // the shortest that the kernel takes

// As in linux/sched/types.h, which glibc's sched.h does not go with.
struct scheduling {
    std::uint32_t size = sizeof(scheduling);
    std::uint32_t policy = SCHED_OTHER;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;  // of SCHED_OTHER: the slice
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};
static_assert(sizeof(scheduling) == 48);  // SCHED_ATTR_SIZE_VER0

int own_niceness() noexcept { return getpriority(PRIO_PROCESS, static_cast<id_t>(gettid())); }

}  // namespace

void become_prompt() noexcept {
    scheduling wanted;
    wanted.nice = own_niceness();
    wanted.runtime = prompt_slice_ns;
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

void become_batch(int niceness) noexcept {
    scheduling wanted;
    wanted.policy = SCHED_BATCH;
    wanted.nice = own_niceness() + niceness;
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

void become_idle() noexcept {
    scheduling wanted;
    wanted.policy = SCHED_IDLE;
    wanted.nice = own_niceness();
    syscall(SYS_sched_setattr, 0, &wanted, 0);
}

}  // namespace stagedoor::runtime
