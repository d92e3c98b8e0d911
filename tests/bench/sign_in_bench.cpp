// sign_in_bench <port> <session cookie> <e-mail> <password> <hashing threads> <seconds> <port of nginx>; sign_in.mjs
// starts it all.
//
// Prints, of one run on one machine: what bare Argon2id does with as many threads as the service hashes with, as libsodium
// does it and in memory that is kept (hash_memory.hpp), beside what the service signs in per second, in turns; then how
// long a paced session check takes with and without a flood of sign-ins. And the same of nginx, which answers a check with
// the same bytes and refuses every sign-in, while bare Argon2id fills the cores: what this machine leaves to be had.
#include "sign_in_load.hpp"

#include <sodium.h>

#include "auth-service/src/user/hash_memory.hpp"
#include "common/core/limits.hpp"

namespace {

using namespace stagedoor;
using namespace stagedoor::bench;
using seconds = std::chrono::duration<double>;

constexpr int checks_per_second = 1'000;
constexpr int check_connections = 16;
constexpr int steady_connections = 16;  // enough to keep every hashing thread busy, too few to fill the queue
constexpr int flood_connections = 256;  // many times what the pool and its queue take
constexpr int rounds = 5;

// Threads that hash as long as it lives; `kept`: in memory that is kept.
class hashing {
public:
    hashing(int threads, bool kept, const std::string& password, bool idle = false) : password_{password} {
        if (crypto_pwhash_str_alg(hash_, password.data(), password.size(), limits::password_hash_passes,
                                  limits::password_hash_memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
            std::abort();
        }
        for (int i = 0; i < threads; ++i) {
            threads_.emplace_back([this, kept, idle] {
                if (idle) runtime::become_idle();
                while (!stopping_) {
                    if (kept) {
                        const user::kept_hash_memory memory;
                        verify();
                    } else {
                        verify();
                    }
                    ++done_;
                }
            });
        }
    }
    ~hashing() {
        stopping_ = true;
        for (auto& thread : threads_) thread.join();
    }
    hashing(const hashing&) = delete;
    hashing& operator=(const hashing&) = delete;

    int done() const { return done_; }

private:
    void verify() const {
        if (crypto_pwhash_str_verify(hash_, password_.data(), password_.size()) != 0) std::abort();
    }

    const std::string& password_;
    char hash_[crypto_pwhash_STRBYTES];
    std::atomic<bool> stopping_{false};
    std::atomic<int> done_{0};
    std::vector<std::thread> threads_;
};

// What `work` does per second, after it has got going.
template <class Work>
double per_second(const Work& work, seconds time) {
    std::this_thread::sleep_for(200ms);
    const int before = work.done();
    const auto began = std::chrono::steady_clock::now();
    std::this_thread::sleep_for(time);
    return (work.done() - before) / seconds{std::chrono::steady_clock::now() - began}.count();
}

void compare_sign_ins(const target& at, int threads, const std::string& password, seconds time) {
    double bare = 0, kept = 0, ours = 0;
    for (int round = 0; round < rounds; ++round) {
        bare += per_second(hashing{threads, false, password}, time / rounds) / rounds;
        kept += per_second(hashing{threads, true, password}, time / rounds) / rounds;
        ours += per_second(sign_ins{at, steady_connections}, time / rounds) / rounds;
    }
    std::printf("bare Argon2id, %d threads: %.1f a second, in kept memory %.1f; "
                "sign-ins: %.1f a second, %.1f %% and %.1f %%\n",
                threads, bare, kept, ours, 100 * ours / bare, 100 * ours / kept);
}

void print(const char* whose, const char* when, const times& of) {
    std::printf("me, %d a second, %s %-18s p50 %6.0f us   p99 %6.0f us   max %6.0f us   "
                "(a program here sees p99 %6.0f us)\n",
                checks_per_second, whose, when, of.p50_us, of.p99_us, of.max_us, of.seen_p99_us);
}

double median(std::vector<double> all) {
    std::ranges::sort(all);
    return all[all.size() / 2];
}

// In turns with and without the flood, `time` of each in all; told are the medians over the rounds, and the longest.
void compare_checks(const char* whose, const target& at, int crowd, seconds time) {
    std::vector<times> calm, flooded;
    int done = 0, refused = 0;
    for (int round = 0; round < rounds; ++round) {
        calm.push_back(check_times(at, check_connections, checks_per_second, time / rounds));
        const sign_ins flood{at, crowd};
        std::this_thread::sleep_for(1s);
        const int done_before = flood.done(), refused_before = flood.refused();
        flooded.push_back(check_times(at, check_connections, checks_per_second, time / rounds));
        done += flood.done() - done_before;
        refused += flood.refused() - refused_before;
    }
    const auto median_of = [](const std::vector<times>& all, double times::*which) {
        std::vector<double> values;
        for (const auto& each : all) values.push_back(each.*which);
        return median(std::move(values));
    };
    const auto together = [&](const std::vector<times>& all) {
        times of{median_of(all, &times::p50_us), median_of(all, &times::p99_us), 0, median_of(all, &times::seen_p99_us)};
        for (const auto& each : all) of.max_us = std::max(of.max_us, each.max_us);
        return of;
    };
    const auto in_calm = together(calm), in_flood = together(flooded);
    print(whose, "calm:", in_calm);
    print(whose, "flood of sign-ins:", in_flood);
    std::printf("%s: p99 with the flood: %.2f x; meanwhile %.1f sign-ins a second, %.0f refused a second\n", whose,
                in_flood.p99_us / in_calm.p99_us, done / time.count(), refused / time.count());
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 8 || sodium_init() < 0) return 2;
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    const std::string cookie = arguments[2], email = arguments[3], password = arguments[4];
    const int threads = std::atoi(arguments[5]);
    const seconds time{std::atof(arguments[6])};
    const auto body = "{\"email\":\"" + email + "\",\"password\":\"" + password + "\"}";
    target at{static_cast<std::uint16_t>(std::atoi(arguments[1])),
              "GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: " + cookie + "\r\n\r\n",
              "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: "
              "application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body};

    compare_sign_ins(at, threads, password, time);
    compare_checks("ours", at, flood_connections, time);

    at.port = static_cast<std::uint16_t>(std::atoi(arguments[7]));
    print("nginx", "calm:", check_times(at, check_connections, checks_per_second, time / rounds));
    const hashing all_the_time{threads, true, password, true};
    // Of ours these are refused; the others wait.
    const int refused = flood_connections - threads * (static_cast<int>(limits::password_queue) + 1);
    compare_checks("nginx beside Argon2id", at, refused, time);
    return 0;
}
