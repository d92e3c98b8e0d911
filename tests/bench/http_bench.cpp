// What our HTTP edge adds to the kernel's work: server CPU per request of three servers with the same answer, on one
// thread each, in one run, 64 keep-alive connections: a bare epoll loop with fixed bytes (the floor), Beast in a
// coroutine on a plain socket without timers, and our listener with a router and a handler. Rounds take turns; medians.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

#include "common/http/listener.hpp"
#include "common/http/router.hpp"
#include "beast_server.hpp"
#include "http_load.hpp"

using namespace stagedoor;
using namespace stagedoor::bench;

namespace {

constexpr int connections = 64;
constexpr int requests = 100'000;
constexpr int rounds = 5;

// The bytes that our listener answers, for the two others to send as well.
std::string fixed_answer() {
    const std::string head =
        "HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 20:52:08 GMT\r\nContent-Type: application/json\r\nContent-Length: ";
    const std::string tail =
        "\r\nCache-Control: no-store\r\nContent-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n"
        "Cross-Origin-Resource-Policy: same-origin\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: "
        "no-referrer\r\n"
        "X-Request-Id: 0123456789abcdef\r\n\r\n";
    return head + std::to_string(usual_body.size()) + tail + std::string{usual_body};
}

class epoll_server final : public server {
public:
    epoll_server() {
        listening_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listening_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening_, 1024) != 0)
            std::abort();
        ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
        port_ = ntohs(address.sin_port);
        thread_ = std::thread{[this] { loop(); }};
    }
    ~epoll_server() override {
        stop_ = true;
        thread_.join();
        ::close(listening_);
    }
    std::uint16_t port() const override { return port_; }
    cpu_time cpu() override {
        asked_ = true;
        while (asked_) std::this_thread::yield();
        return told_;
    }

private:
    void loop() {
        const int epoll = ::epoll_create1(0);
        const auto watch = [&](int fd) {
            epoll_event interest{};
            interest.events = EPOLLIN;
            interest.data.fd = fd;
            ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
        };
        watch(listening_);
        const auto answer = fixed_answer();
        std::array<epoll_event, 128> events;
        char bytes[8 * 1024];
        while (!stop_) {
            const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 10);
            for (int i = 0; i < ready; ++i) {
                const int fd = events[static_cast<std::size_t>(i)].data.fd;
                if (fd == listening_) {
                    watch(::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK));
                } else if (::recv(fd, bytes, sizeof bytes, 0) > 0) {
                    if (::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL) < 0) std::abort();
                } else {
                    ::close(fd);
                }
            }
            if (asked_) {
                told_ = cpu_time::of_this_thread();
                asked_ = false;
            }
        }
        ::close(epoll);
    }

    int listening_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
    std::atomic<bool> stop_{false};
    std::atomic<bool> asked_{false};
    cpu_time told_;
};

struct nothing {};

runtime::task<http::response> answer_me(nothing&, const http::request&) {
    co_return http::response::json(200, std::string{usual_body});
}
constexpr http::endpoint<nothing> endpoints[] = {{http::method::get, "/api/auth/me", &answer_me}};

class quiet_observer final : public http::observer {
    void on_request(const http::finished_request&) noexcept override {}
};

class our_server final : public server {
public:
    our_server() {
        listener_ =
            http::listener::open(shards_, *http::parse_endpoint("127.0.0.1:0"), {}, {{router_, observer_}}).value();
        shards_.start();
    }
    ~our_server() override {
        shards_.stop();
        shards_.join();
    }
    std::uint16_t port() const override { return listener_->local_endpoint().port(); }
    cpu_time cpu() override { return cpu_of(shards_.at(0)); }

private:
    nothing context_;
    http::router<nothing> router_{endpoints, context_};
    quiet_observer observer_;
    runtime::shards shards_{1};
    std::unique_ptr<http::listener> listener_;
};

struct contestant {
    const char* name;
    std::unique_ptr<server> serving;
    std::unique_ptr<http_load> load;
    std::vector<cpu_time> costs;
    std::vector<double> rates;
};

cpu_time median(std::vector<cpu_time> costs) {
    std::ranges::sort(costs, {}, &cpu_time::total);
    return costs[costs.size() / 2];
}

}  // namespace

int main() {
    std::vector<contestant> contestants;
    const auto enter = [&](const char* name, std::unique_ptr<server> serving) {
        auto load = std::make_unique<http_load>(serving->port(), connections, usual_request);
        contestants.push_back({name, std::move(serving), std::move(load), {}, {}});
    };
    enter("epoll, fixed bytes", std::make_unique<epoll_server>());
    enter("Beast coroutine, no timers", std::make_unique<beast_server>(0, std::string{usual_body}));
    enter("ours", std::make_unique<our_server>());

    for (int round = 0; round < rounds; ++round) {
        for (auto& each : contestants) {
            const auto before = each.serving->cpu();
            each.rates.push_back(each.load->run(requests).per_second);
            each.costs.push_back((each.serving->cpu() - before) / requests);
        }
    }
    const auto floor = median(contestants.front().costs).total();
    for (auto& each : contestants) {
        const auto cost = median(each.costs);
        std::ranges::sort(each.rates);
        std::printf("%-28s %9.0f requests/s %6.2f us CPU (user %.2f, system %.2f) %5.2f x the floor\n", each.name,
                    each.rates[each.rates.size() / 2], cost.total(), cost.user_us, cost.system_us,
                    cost.total() / floor);
    }
    for (auto& each : contestants) each.load.reset();
}
