#include "common/runtime/yield_timer.hpp"

#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

namespace stagedoor::runtime {
namespace {

constexpr long every_ns = 250'000;

void yield(int) {
    const int interrupted = errno;
    ::sched_yield();
    errno = interrupted;
}

bool take_signal() noexcept {
    struct sigaction action{};
    action.sa_handler = yield;
    action.sa_flags = SA_RESTART;
    return ::sigaction(SIGRTMIN, &action, nullptr) == 0;
}

std::optional<timer_t> timer_for_this_thread() noexcept {
    static const bool taken = take_signal();
    if (!taken) return std::nullopt;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN;
    event._sigev_un._tid = ::gettid();  // glibc 2.36 has no name for it (timer_create(2))
    timer_t made{};
    if (::timer_create(CLOCK_MONOTONIC, &event, &made) != 0) return std::nullopt;
    return made;
}

void set(const std::optional<timer_t>& timer, long period_ns) noexcept {
    if (!timer) return;
    const timespec period{0, period_ns};
    const itimerspec times{period, period};
    ::timer_settime(*timer, 0, &times, nullptr);
}

}  // namespace

yield_timer::yield_timer() noexcept : timer_{timer_for_this_thread()} {}

yield_timer::~yield_timer() {
    if (timer_) ::timer_delete(*timer_);
}

void yield_timer::start() noexcept { set(timer_, every_ns); }
void yield_timer::stop() noexcept { set(timer_, 0); }

}  // namespace stagedoor::runtime
