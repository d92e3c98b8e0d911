// A counting semaphore (sem_init(3)): what a thread may wait at whom nobody may have to wait for. Posting is one atomic
// addition and at most one system call; no lock is held that a thread of a low class could be interrupted with.
#pragma once

#include <semaphore.h>

#include <cerrno>
#include <chrono>

namespace stagedoor::runtime {

class semaphore {
public:
    semaphore() noexcept { ::sem_init(&sem_, 0, 0); }
    ~semaphore() { ::sem_destroy(&sem_); }
    semaphore(const semaphore&) = delete;
    semaphore& operator=(const semaphore&) = delete;

    // Any thread; a signal handler too.
    void post() noexcept { ::sem_post(&sem_); }

    void wait() noexcept {
        while (::sem_wait(&sem_) != 0) {
        }
    }

    // False when nobody had posted by then.
    bool wait_until(std::chrono::steady_clock::time_point latest) noexcept {
        using namespace std::chrono;
        const auto whole = floor<seconds>(latest.time_since_epoch());
        const timespec at{whole.count(), nanoseconds{latest.time_since_epoch() - whole}.count()};
        while (::sem_clockwait(&sem_, CLOCK_MONOTONIC, &at) != 0) {
            if (errno != EINTR) return false;
        }
        return true;
    }

private:
    sem_t sem_;
};

}  // namespace stagedoor::runtime
