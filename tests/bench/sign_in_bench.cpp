// sign_in_bench <port> <session cookie> <e-mail> <password> <hashing threads> <seconds>; sign_in.mjs starts it all.
//
// Prints, of one run on one machine: what bare Argon2id does with as many threads as the service hashes with; what the
// service signs in per second, and the ratio; and how long a paced session check takes with and without a flood of
// sign-ins. Times are from when a request was due, so that a stall counts for everything it held up.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "common/core/limits.hpp"

namespace {

using namespace stagedoor;
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using seconds = std::chrono::duration<double>;

constexpr int checks_per_second = 1'000;
constexpr int check_connections = 16;
constexpr int steady_connections = 16;  // enough to keep every hashing thread busy, too few to fill the queue
constexpr int flood_connections = 256;  // many times what the pool and its queue take
// After a 503; a real client would wait for Retry-After. Half of it more or less, for a crowd does not march in step.
constexpr auto flood_pause = 100ms;

class connection {
public:
    explicit connection(std::uint16_t port) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
    }
    ~connection() { ::close(fd_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void send(const std::string& request) {
        if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) std::abort();
    }
    // The status of the next answer, whose body is read as well.
    int receive() {
        answer_.clear();
        char bytes[16 * 1024];
        std::size_t whole = 0;
        while (whole == 0 || answer_.size() < whole) {
            const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
            if (count <= 0) std::abort();
            answer_.append(bytes, static_cast<std::size_t>(count));
            const auto head = answer_.find("\r\n\r\n");
            const auto length = answer_.find("Content-Length: ");
            if (head != std::string::npos && length < head) whole = head + 4 + std::strtoul(&answer_[length + 16], nullptr, 10);
        }
        return std::atoi(&answer_[9]);
    }
    int fd() const noexcept { return fd_; }

private:
    int fd_;
    std::string answer_;
};

struct target {
    std::uint16_t port;
    std::string check;
    std::string sign_in;
};

double bare_per_second(int threads, const std::string& password, seconds time) {
    char hash[crypto_pwhash_STRBYTES];
    if (crypto_pwhash_str_alg(hash, password.data(), password.size(), limits::password_hash_passes,
                              limits::password_hash_memory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
        std::abort();
    }
    std::atomic<int> done{0};
    const auto began = clock_type::now();
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) {
        workers.emplace_back([&] {
            while (clock_type::now() - began < time) {
                if (crypto_pwhash_str_verify(hash, password.data(), password.size()) != 0) std::abort();
                ++done;
            }
        });
    }
    for (auto& worker : workers) worker.join();
    return done / seconds{clock_type::now() - began}.count();
}

// Signs in over `count` connections, each again as soon as it has been answered, from here until it is destroyed.
class sign_ins {
public:
    sign_ins(const target& at, int count) {
        for (int i = 0; i < count; ++i) clients_.emplace_back([this, &at] { run(at); });
    }
    ~sign_ins() {
        stopping_ = true;
        for (auto& client : clients_) client.join();
    }
    sign_ins(const sign_ins&) = delete;
    sign_ins& operator=(const sign_ins&) = delete;

    int done() const { return done_; }
    int refused() const { return refused_; }

private:
    void run(const target& at) {
        connection to{at.port};
        std::minstd_rand random{std::random_device{}()};
        std::uniform_real_distribution<> part{0.5, 1.5};
        while (!stopping_) {
            to.send(at.sign_in);
            const int status = to.receive();
            if (status == 200) {
                ++done_;
            } else if (status == 503) {
                ++refused_;
                std::this_thread::sleep_for(part(random) * flood_pause);
            } else {
                std::fprintf(stderr, "a sign-in was answered %d\n", status);
                std::abort();
            }
        }
    }

    std::atomic<bool> stopping_{false};
    std::atomic<int> done_{0};
    std::atomic<int> refused_{0};
    std::vector<std::thread> clients_;
};

struct times {
    double p50_us;
    double p99_us;
    double max_us;
};

// Checks at a steady pace. A connection that is still busy when its turn comes delays what it is due to send, and that
// counts.
times check_times(const target& at, seconds time) {
    std::vector<double> took_us;
    const auto rounds = static_cast<int>(time.count() * checks_per_second / check_connections);
    std::vector<std::vector<double>> each(check_connections);
    const auto began = clock_type::now() + 50ms;
    std::vector<std::thread> clients;
    for (int i = 0; i < check_connections; ++i) {
        clients.emplace_back([&, i] {
            connection to{at.port};
            auto due = began + std::chrono::microseconds{1'000'000LL * i / checks_per_second};
            for (int round = 0; round < rounds; ++round) {
                std::this_thread::sleep_until(due);
                to.send(at.check);
                if (to.receive() != 200) std::abort();
                each[static_cast<std::size_t>(i)].push_back(std::chrono::duration<double, std::micro>{clock_type::now() - due}.count());
                due += std::chrono::microseconds{1'000'000LL * check_connections / checks_per_second};
            }
        });
    }
    for (auto& client : clients) client.join();
    for (const auto& some : each) took_us.insert(took_us.end(), some.begin(), some.end());
    std::ranges::sort(took_us);
    return {took_us[took_us.size() / 2], took_us[took_us.size() * 99 / 100], took_us.back()};
}

double signed_in_per_second(const target& at, seconds time) {
    sign_ins steady{at, steady_connections};
    std::this_thread::sleep_for(500ms);
    const int before = steady.done();
    const auto began = clock_type::now();
    std::this_thread::sleep_for(time);
    return (steady.done() - before) / seconds{clock_type::now() - began}.count();
}

void print(const char* what, const times& of) {
    std::printf("me, %d a second, %-22s p50 %7.0f us   p99 %7.0f us   max %7.0f us\n", checks_per_second, what, of.p50_us, of.p99_us,
                of.max_us);
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 7 || sodium_init() < 0) return 2;
    const std::string cookie = arguments[2], email = arguments[3], password = arguments[4];
    const int threads = std::atoi(arguments[5]);
    const seconds time{std::atof(arguments[6])};
    const auto body = "{\"email\":\"" + email + "\",\"password\":\"" + password + "\"}";
    const target at{static_cast<std::uint16_t>(std::atoi(arguments[1])),
                    "GET /api/auth/me HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nCookie: " + cookie + "\r\n\r\n",
                    "POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\nSec-Fetch-Site: same-origin\r\nContent-Type: "
                    "application/json\r\nContent-Length: " +
                        std::to_string(body.size()) + "\r\n\r\n" + body};

    const double bare = bare_per_second(threads, password, time);
    const double ours = signed_in_per_second(at, time);
    const double bare_again = bare_per_second(threads, password, time);
    const double mean = (bare + bare_again) / 2;
    std::printf("bare Argon2id, %d threads: %.1f a second before, %.1f after; sign-ins: %.1f a second, %.1f %%\n", threads, bare,
                bare_again, ours, 100 * ours / mean);

    const auto calm = check_times(at, time);
    print("calm:", calm);
    {
        sign_ins flood{at, flood_connections};
        std::this_thread::sleep_for(1s);
        const int before = flood.done();
        const int refused = flood.refused();
        const auto flooded = check_times(at, time);
        print("flood of sign-ins:", flooded);
        std::printf("p99 with the flood: %.2f x; meanwhile %.1f sign-ins a second, %.0f refused a second\n",
                    flooded.p99_us / calm.p99_us, (flood.done() - before) / time.count(), (flood.refused() - refused) / time.count());
    }
    return 0;
}
