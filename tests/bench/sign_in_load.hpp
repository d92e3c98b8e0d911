// The clients of sign_in_bench: a crowd that signs in, and somebody whose session checks are timed.
//
// In life they are on other machines. Here they share the cores with what is measured, so each is one thread, and what
// its own turn on a core costs is not counted: a check takes from its sending until the kernel has its answer
// (SO_TIMESTAMPNS), not until this program is woken up. What a program here sees is told beside it.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <queue>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "common/runtime/thread_class.hpp"

namespace stagedoor::bench {

using namespace std::chrono_literals;
// That of the kernel's own stamps.
using wall_clock = std::chrono::system_clock;

struct target {
    std::uint16_t port;
    std::string check;
    std::string sign_in;
};

// A keep-alive connection with one request at a time.
class connection {
public:
    connection(std::uint16_t port, int epoll) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const int on = 1;
        ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        ::setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.ptr = this;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd_, &interest);
    }
    ~connection() { ::close(fd_); }
    connection(const connection&) = delete;
    connection& operator=(const connection&) = delete;

    void send(const std::string& request) {
        if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0) std::abort();
        answer_.clear();
    }

    // Takes what has come: the status of the answer once it is whole, 0 before.
    int receive() {
        char bytes[16 * 1024], control[256];
        iovec into{bytes, sizeof bytes};
        msghdr message{};
        message.msg_iov = &into;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const auto count = ::recvmsg(fd_, &message, 0);
        if (count <= 0) std::abort();
        arrived_ = wall_clock::now();
        for (auto* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
            if (each->cmsg_level != SOL_SOCKET || each->cmsg_type != SCM_TIMESTAMPNS) continue;
            timespec at{};
            std::memcpy(&at, CMSG_DATA(each), sizeof at);
            arrived_ = wall_clock::time_point{std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec}};
        }
        answer_.append(bytes, static_cast<std::size_t>(count));
        const auto head = answer_.find("\r\n\r\n");
        const auto length = answer_.find("Content-Length: ");
        if (head == std::string::npos || length > head) return 0;
        if (answer_.size() < head + 4 + std::strtoul(&answer_[length + 16], nullptr, 10)) return 0;
        return std::atoi(&answer_[9]);
    }
    // When the kernel had the last part of it.
    wall_clock::time_point arrived() const noexcept { return arrived_; }

    std::deque<wall_clock::time_point> due;  // of the check that is under way, and of those behind it

private:
    int fd_;
    std::string answer_;
    wall_clock::time_point arrived_;
};

class connections {
public:
    connections(std::uint16_t port, int count) : epoll_{::epoll_create1(0)} {
        for (int i = 0; i < count; ++i) all_.push_back(std::make_unique<connection>(port, epoll_));
    }
    ~connections() { ::close(epoll_); }
    connections(const connections&) = delete;
    connections& operator=(const connections&) = delete;

    connection& operator[](std::size_t i) { return *all_[i]; }
    std::size_t size() const noexcept { return all_.size(); }

    // Calls `answered(connection, status)` for all whose answer is there, waiting for one until `latest`.
    template <class Answered>
    void wait(wall_clock::time_point latest, Answered answered) {
        const auto left = std::max<std::chrono::nanoseconds>(latest - wall_clock::now(), 0ns);
        const timespec timeout{left / 1s, (left % 1s).count()};
        epoll_event events[64];
        const int ready = ::epoll_pwait2(epoll_, events, 64, &timeout, nullptr);
        for (int i = 0; i < ready; ++i) {
            auto& each = *static_cast<connection*>(events[i].data.ptr);
            if (const int status = each.receive()) answered(each, status);
        }
    }

private:
    int epoll_;
    std::vector<std::unique_ptr<connection>> all_;
};

// Signs in over `count` connections, each again as soon as it has been answered, from here until it is destroyed. After
// a 503 a real client would wait for Retry-After; this one waits for 0.1 s, half of it more or less, for a crowd does not
// march in step.
class sign_ins {
public:
    sign_ins(const target& at, int count) : thread_{[this, &at, count] { run(at, count); }} {}
    ~sign_ins() {
        stopping_ = true;
        thread_.join();
    }
    sign_ins(const sign_ins&) = delete;
    sign_ins& operator=(const sign_ins&) = delete;

    int done() const { return done_; }
    int refused() const { return refused_; }

private:
    void run(const target& at, int count) {
        runtime::become_prompt();
        connections all{at.port, count};
        std::minstd_rand random{std::random_device{}()};
        std::uniform_real_distribution<> part{0.5, 1.5};
        using turn = std::pair<wall_clock::time_point, connection*>;
        std::priority_queue<turn, std::vector<turn>, std::greater<>> pausing;
        for (std::size_t i = 0; i < all.size(); ++i) all[i].send(at.sign_in);
        while (!stopping_) {
            const auto now = wall_clock::now();
            for (; !pausing.empty() && pausing.top().first <= now; pausing.pop()) pausing.top().second->send(at.sign_in);
            const auto until = pausing.empty() ? now + 100ms : std::min(pausing.top().first, now + 100ms);
            all.wait(until, [&](connection& each, int status) {
                if (status == 200) {
                    ++done_;
                    each.send(at.sign_in);
                } else if (status == 503) {
                    ++refused_;
                    const std::chrono::duration<double> pause = part(random) * 0.1s;
                    pausing.emplace(wall_clock::now() + std::chrono::duration_cast<wall_clock::duration>(pause), &each);
                } else {
                    std::fprintf(stderr, "a sign-in was answered %d\n", status);
                    std::abort();
                }
            });
        }
    }

    std::atomic<bool> stopping_{false};
    std::atomic<int> done_{0};
    std::atomic<int> refused_{0};
    std::thread thread_;
};

struct times {
    double p50_us, p99_us, max_us;
    double seen_p99_us;  // until this program had the answer, its own turn on a core included
};

// Checks at a steady pace, `per_second` over `count` connections in turn. Where one is due while its connection is still
// busy, its time is from then, so that a stall counts for everything it held up.
inline times check_times(const target& at, int count, int per_second, std::chrono::duration<double> time) {
    using us = std::chrono::duration<double, std::micro>;
    std::vector<double> took, seen;
    std::thread{[&] {
        runtime::become_prompt();
        connections all{at.port, count};
        const auto total = static_cast<std::size_t>(time.count() * per_second);
        const auto began = wall_clock::now() + 50ms;
        const auto due = [&](std::size_t i) {
            return began + static_cast<std::int64_t>(i) * std::chrono::nanoseconds{1s} / per_second;
        };
        for (std::size_t next = 0; took.size() < total;) {
            for (auto now = wall_clock::now(); next < total && due(next) <= now; now = wall_clock::now(), ++next) {
                auto& each = all[next % all.size()];
                each.due.push_back(each.due.empty() ? now : due(next));
                if (each.due.size() == 1) each.send(at.check);
            }
            all.wait(next < total ? due(next) : wall_clock::now() + 1s, [&](connection& each, int status) {
                if (status != 200) std::abort();
                took.push_back(us{each.arrived() - each.due.front()}.count());
                seen.push_back(us{wall_clock::now() - each.due.front()}.count());
                each.due.pop_front();
                if (!each.due.empty()) each.send(at.check);
            });
        }
    }}.join();
    std::ranges::sort(took);
    std::ranges::sort(seen);
    return {took[took.size() / 2], took[took.size() * 99 / 100], took.back(), seen[seen.size() * 99 / 100]};
}

}  // namespace stagedoor::bench
