// What a WebSocket of ours costs: resident memory of an idle one, and server CPU of a frame of 200 bytes to one socket
// and of one frame to all of them. The clients are raw sockets in a child process, so that the memory is ours alone.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <future>
#include <memory>
#include <thread>

#include "common/runtime/shards.hpp"
#include "common/ws/socket.hpp"
#include "common/ws/socket_group.hpp"
#include "http_load.hpp"

using namespace stagedoor;
using namespace stagedoor::bench;

namespace {

namespace asio = boost::asio;

constexpr std::size_t sockets = 8'000;
constexpr std::size_t frames = 200'000;

std::size_t resident_bytes() {
    std::ifstream statm{"/proc/self/statm"};
    std::size_t total = 0, resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// Connects and reads all that comes, until it is killed.
[[noreturn]] void be_clients(std::uint16_t port) {
    const int epoll = ::epoll_create1(0);
    for (std::size_t i = 0; i < sockets; ++i) {
        const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) ::_exit(1);
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.fd = fd;
        ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &interest);
    }
    std::array<epoll_event, 256> events;
    char bytes[64 * 1024];
    for (;;) {
        const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
        for (int i = 0; i < ready; ++i) {
            if (::recv(events[static_cast<std::size_t>(i)].data.fd, bytes, sizeof bytes, 0) <= 0) ::_exit(0);
        }
    }
}

class nobody final : public ws::socket_owner {
    void on_message(ws::socket&, bool, std::string_view) override {}
    void on_pong(ws::socket&) override {}
    void on_closed(ws::socket&, const ws::close_summary&) override {}
};

}  // namespace

int main() {
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening, 4'096) != 0)
        return 1;
    ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
    const auto child = ::fork();
    if (child == 0) be_clients(ntohs(address.sin_port));

    runtime::shards shards{1};
    const auto shard = shards.at(0);
    ws::socket_group group{shard};
    nobody owner;
    std::vector<ws::socket_ptr> open;
    open.reserve(sockets);
    shards.start();
    const auto on_shard = [&](auto work) {
        std::promise<cpu_time> done;
        asio::post(shard, [&] {
            const auto before = cpu_time::of_this_thread();
            work();
            done.set_value(cpu_time::of_this_thread() - before);
        });
        return done.get_future().get();
    };

    std::vector<int> accepted;
    for (std::size_t i = 0; i < sockets; ++i) accepted.push_back(::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK));
    const auto before = resident_bytes();
    on_shard([&] {
        for (const int fd : accepted) {
            http::tcp_socket tcp{shard, http::tcp::v4(), fd};
            tcp.non_blocking(true);
            open.emplace_back(new ws::socket{group, std::move(tcp), owner});
            open.back()->start({});
        }
    });
    std::printf("idle socket: %zu bytes resident (%zu of them its own object), %zu sockets\n",
                (resident_bytes() - before) / sockets, sizeof(ws::socket), sockets);

    const auto frame = ws::make_text_frame(std::string(200, 'x'));
    std::size_t not_written = 0;
    const auto single = on_shard([&] {
        for (std::size_t i = 0; i < frames; ++i) {
            const auto own = ws::make_text_frame(std::string(200, 'x'));
            not_written += open[i % sockets]->send(own) == ws::sent::written ? 0 : 1;
        }
    });
    const auto shared = on_shard([&] {
        for (std::size_t i = 0; i < frames; ++i)
            not_written += open[i % sockets]->send(frame) == ws::sent::written ? 0 : 1;
    });
    const auto print = [](const char* name, cpu_time cost) {
        const auto each = cost / static_cast<double>(frames);
        std::printf("%s: %.2f us CPU (user %.2f, system %.2f)\n", name, each.total(), each.user_us, each.system_us);
    };
    print("a frame to one socket", single);
    print("a shared frame to one of all", shared);
    std::printf("not written at once: %zu of %zu\n", not_written, 2 * frames);

    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    on_shard([&] {
        for (auto& each : open) each->abort();
    });
    shards.stop();
    shards.join();
}
