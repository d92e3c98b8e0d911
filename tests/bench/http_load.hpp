// What the HTTP benches share: a load of keep-alive connections, and what a thread's work costs.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace stagedoor::bench {

// CPU time of the calling thread.
struct cpu_time {
    double user_us = 0;
    double system_us = 0;

    static cpu_time of_this_thread() {
        rusage usage{};
        ::getrusage(RUSAGE_THREAD, &usage);
        const auto us = [](const timeval& t) {
            return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_usec);
        };
        return {us(usage.ru_utime), us(usage.ru_stime)};
    }
    double total() const { return user_us + system_us; }
    friend cpu_time operator-(cpu_time a, cpu_time b) { return {a.user_us - b.user_us, a.system_us - b.system_us}; }
    friend cpu_time operator/(cpu_time a, double n) { return {a.user_us / n, a.system_us / n}; }
};

// What a browser sends for a session check.
inline constexpr std::string_view usual_request =
    "GET /api/auth/me HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) "
    "Gecko/20100101 "
    "Firefox/128.0\r\nAccept: application/json\r\nAccept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, "
    "br\r\n"
    "Sec-Fetch-Dest: empty\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Site: same-origin\r\nConnection: keep-alive\r\n"
    "Cookie: stagedoor-8080=AQEBlk3yq5r0cXmHq3kQ2JYb8J8Zt3y5Qd2vWm0C1rNfKx7uPz4sLh6gTjE9oViBnDMaXw\r\n\r\n";

inline constexpr std::string_view usual_body =
    R"({"user":{"id":"0190f3c2-7a1b-7c3d-9e4f-5a6b7c8d9e0f","email":"ada@example.com","displayName":"Ada",)"
    R"("role":"stage_manager","status":"active","version":7}})";

struct load_result {
    double per_second = 0;
    double p50_us = 0;
    double p99_us = 0;
};

// Sends `request` over `connections` at once, each again as soon as its answer is there. All answers have one size.
class http_load {
public:
    http_load(std::uint16_t port, int connections, std::string_view request) : request_{request} {
        epoll_ = ::epoll_create1(0);
        for (int i = 0; i < connections; ++i) {
            const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
            sockaddr_in address{};
            address.sin_family = AF_INET;
            address.sin_port = htons(port);
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) std::abort();
            const int on = 1;
            ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            epoll_event interest{};
            interest.events = EPOLLIN;
            interest.data.fd = fd;
            ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
            fds_.push_back(fd);
        }
        answer_bytes_ = probe();
    }
    ~http_load() {
        for (const int fd : fds_) ::close(fd);
        ::close(epoll_);
    }
    http_load(const http_load&) = delete;
    http_load& operator=(const http_load&) = delete;

    load_result run(int requests) {
        using clock = std::chrono::steady_clock;
        std::vector<std::size_t> got(static_cast<std::size_t>(fds_.back()) + 1);
        std::vector<clock::time_point> asked(got.size());
        std::vector<double> took_us;
        took_us.reserve(static_cast<std::size_t>(requests));
        const auto start = clock::now();
        int sent = 0, done = 0;
        const auto ask = [&](int fd) {
            asked[static_cast<std::size_t>(fd)] = clock::now();
            sent += send(fd);
        };
        for (const int fd : fds_) ask(fd);
        std::vector<epoll_event> events(fds_.size());
        char bytes[64 * 1024];
        while (done < requests) {
            const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < ready; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                const auto count = ::recv(fd, bytes, sizeof bytes, 0);
                if (count <= 0) std::abort();
                auto& so_far = got[static_cast<std::size_t>(fd)];
                so_far += static_cast<std::size_t>(count);
                if (so_far < answer_bytes_) continue;
                so_far = 0;
                ++done;
                const std::chrono::duration<double, std::micro> took = clock::now() - asked[static_cast<std::size_t>(fd)];
                took_us.push_back(took.count());
                if (sent < requests) ask(fd);
            }
        }
        const std::chrono::duration<double> took = clock::now() - start;
        std::ranges::sort(took_us);
        return {requests / took.count(), took_us[took_us.size() / 2], took_us[took_us.size() * 99 / 100]};
    }

private:
    int send(int fd) {
        if (::send(fd, request_.data(), request_.size(), MSG_NOSIGNAL) < 0) std::abort();
        return 1;
    }
    // The size of one answer; all have the same.
    std::size_t probe() {
        std::size_t size = 0;
        for (const int fd : fds_) {
            send(fd);
            std::string answer;
            char bytes[64 * 1024];
            std::size_t body = 0, whole = 0;
            while (whole == 0 || answer.size() < whole) {
                const auto count = ::recv(fd, bytes, sizeof bytes, 0);
                if (count <= 0) std::abort();
                answer.append(bytes, static_cast<std::size_t>(count));
                const auto head = answer.find("\r\n\r\n");
                if (head == std::string::npos) continue;
                body = std::strtoul(answer.c_str() + answer.find("Content-Length:") + 15, nullptr, 10);
                whole = head + 4 + body;
            }
            size = whole;
        }
        return size;
    }

    std::string request_;
    int epoll_ = -1;
    std::vector<int> fds_;
    std::size_t answer_bytes_ = 0;
};

}  // namespace stagedoor::bench
