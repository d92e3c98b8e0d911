// The clients of push_load: raw WebSockets on one epoll, which count the events that come, and the connection over
// which events are set off. One thread.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "push_target.hpp"

namespace stagedoor::bench {

[[noreturn]] inline void fail(const std::string& what) { throw std::runtime_error{what}; }

inline int connect_tcp(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        fail("cannot connect to port " + std::to_string(port) + ": " + std::strerror(errno));
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

inline int connect_unix(const std::string& path) {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (fd < 0 || ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        fail("cannot connect to " + path);
    return fd;
}

// Where events are set off: Redis, or auth-service. What is answered is counted by `mark` and thrown away.
class source {
public:
    source(int fd, std::string_view mark) : fd_{fd}, mark_{mark} {
        ::fcntl(fd_, F_SETFL, ::fcntl(fd_, F_GETFL) | O_NONBLOCK);
    }
    ~source() { ::close(fd_); }
    source(const source&) = delete;
    source& operator=(const source&) = delete;

    int fd() const { return fd_; }
    std::string& output() { return output_; }
    void flush() {
        while (written_ < output_.size()) {
            const auto count = ::send(fd_, output_.data() + written_, output_.size() - written_, MSG_NOSIGNAL);
            if (count < 0 && errno == EAGAIN) return;
            if (count <= 0) fail("the source of events is gone");
            written_ += static_cast<std::size_t>(count);
        }
        output_.clear();
        written_ = 0;
    }
    // Every byte once, so that what is sent goes on.
    void drain() {
        std::array<char, 64 * 1024> bytes;
        for (;;) {
            const auto count = ::recv(fd_, bytes.data(), bytes.size(), 0);
            if (count < 0 && errno == EAGAIN) break;
            if (count <= 0) fail("the source of events is gone");
            heard_.append(bytes.data(), static_cast<std::size_t>(count));
        }
        std::size_t counted = 0;
        for (auto at = heard_.find(mark_); at != std::string::npos; at = heard_.find(mark_, counted)) {
            ++answers_;
            counted = at + mark_.size();
        }
        // What may be the beginning of a mark is looked at again.
        heard_.erase(0, std::max(counted, heard_.size() - std::min(heard_.size(), mark_.size() - 1)));
    }
    std::size_t answers() const { return answers_; }

private:
    int fd_;
    std::string mark_;
    std::string output_;
    std::size_t written_ = 0;
    std::string heard_;
    std::size_t answers_ = 0;
};

class push_clients {
public:
    // Frames with `mark` in their payload are events.
    push_clients(std::uint16_t port, std::vector<push_target> targets, std::string mark, source& from)
        : port_{port}, targets_{std::move(targets)}, mark_{std::move(mark)}, from_{from}, clients_(targets_.size()) {
        epoll_ = ::epoll_create1(0);
        watch(from_.fd(), from_index);
    }
    ~push_clients() {
        close();
        ::close(epoll_);
    }
    push_clients(const push_clients&) = delete;
    push_clients& operator=(const push_clients&) = delete;

    // Readable when there is something to poll() for.
    int descriptor() const { return epoll_; }
    std::size_t size() const { return targets_.size(); }
    std::size_t events() const { return events_; }

    // Opens all sockets, so many at a time, and waits until each is ready.
    void open(std::size_t at_once) {
        ready_ = 0;
        std::size_t begun = 0;
        while (ready_ < size()) {
            for (; begun < size() && begun - ready_ < at_once; ++begun) begin(begun);
            poll();
        }
    }

    // So that nobody waits for the other's TIME_WAIT.
    void close() {
        for (auto& each : clients_) {
            if (each.fd < 0) continue;
            const linger reset{1, 0};
            ::setsockopt(each.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
            ::close(each.fd);
            each = {};
        }
    }

    // The next event of a target's user.
    void trigger(std::size_t target) {
        auto& one = clients_[target];
        const auto& text = targets_[target].triggers[one.triggered++ % 2];
        auto number = std::to_string(one.triggered);
        number.insert(0, event_number.size() - number.size(), '0');
        auto& out = from_.output();
        auto at = out.size();
        out.append(text);
        while ((at = out.find(event_number, at)) != std::string::npos) out.replace(at, number.size(), number);
    }

    // Takes in what has come; waits for something first.
    void poll() {
        from_.flush();
        const int ready = ::epoll_wait(epoll_, ready_events_.data(), static_cast<int>(ready_events_.size()), 10'000);
        if (ready == 0)
            fail("nothing came for ten seconds: " + std::to_string(ready_) + " ready, " + std::to_string(events_) +
                 " events");
        for (int i = 0; i < ready; ++i) {
            const auto index = ready_events_[static_cast<std::size_t>(i)].data.u64;
            index == from_index ? from_.drain() : receive(index);
        }
    }

private:
    static constexpr std::uint64_t from_index = ~std::uint64_t{0};

    struct client {
        int fd = -1;
        bool upgraded = false;
        std::uint32_t greetings = 0;
        std::size_t triggered = 0;
        std::string part;  // of a head or of a frame
    };

    void watch(int fd, std::uint64_t index) {
        epoll_event interest{};
        interest.events = EPOLLIN;
        interest.data.u64 = index;
        ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest);
    }

    void begin(std::size_t index) {
        auto& one = clients_[index];
        one.fd = connect_tcp(port_);
        watch(one.fd, index);
        send(one, targets_[index].request);
    }

    void send(client& one, std::string_view bytes) {
        if (::send(one.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
            fail("a socket takes nothing");
    }

    void receive(std::size_t index) {
        auto& one = clients_[index];
        const auto count = ::recv(one.fd, buffer_.data(), buffer_.size(), 0);
        if (count <= 0) fail("socket " + std::to_string(index) + " was closed");
        std::string_view bytes{buffer_.data(), static_cast<std::size_t>(count)};
        if (!one.part.empty()) {
            one.part.append(bytes);
            joined_.swap(one.part);
            one.part.clear();
            bytes = joined_;
        }
        if (!one.upgraded) {
            const auto end = bytes.find("\r\n\r\n");
            if (end == std::string_view::npos) return void(one.part.assign(bytes));
            if (!bytes.starts_with("HTTP/1.1 101")) fail("socket " + std::to_string(index) + ": " + std::string{bytes});
            one.upgraded = true;
            bytes.remove_prefix(end + 4);
            if (!targets_[index].opening.empty()) send(one, targets_[index].opening);
            if (targets_[index].greetings == 0) ++ready_;
        }
        take_frames(index, bytes);
    }

    void take_frames(std::size_t index, std::string_view bytes) {
        auto& one = clients_[index];
        while (bytes.size() >= 2) {
            const auto byte = [&](std::size_t i) {
                return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i]));
            };
            const auto form = byte(1);
            const std::size_t head = form == 126 ? 4 : 2;
            if (form > 126) fail("a frame that is too long, or masked");
            if (bytes.size() < head) break;
            const auto length = form == 126 ? byte(2) << 8 | byte(3) : form;
            if (bytes.size() < head + length) break;
            take_frame(index, byte(0) & 0x0f, bytes.substr(head, length));
            bytes.remove_prefix(head + length);
        }
        one.part.assign(bytes);
        if (one.part.empty() && one.part.capacity() > 64) std::string{}.swap(one.part);
    }

    void take_frame(std::size_t index, std::size_t opcode, std::string_view payload) {
        auto& one = clients_[index];
        if (opcode == 8) fail("socket " + std::to_string(index) + " was closed: " + std::string{payload});
        if (opcode == 9) {
            std::string pong{"\x8a\x80\0\0\0\0", 6};  // masked with zeros
            pong[1] = static_cast<char>(0x80u | payload.size());
            return send(one, pong.append(payload));
        }
        if (payload.find(mark_) != std::string_view::npos) {
            ++events_;
        } else if (++one.greetings == targets_[index].greetings) {
            ++ready_;
        }
    }

    const std::uint16_t port_;
    const std::vector<push_target> targets_;
    const std::string mark_;
    source& from_;
    std::vector<client> clients_;
    int epoll_ = -1;
    std::size_t ready_ = 0;
    std::size_t events_ = 0;
    std::array<epoll_event, 512> ready_events_{};
    std::array<char, 64 * 1024> buffer_{};
    std::string joined_;
};

}  // namespace stagedoor::bench
