// A TCP client that sends exactly the bytes it is told to. Blocks, with a deadline; for tests.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stagedoor::tests {

class raw_client {
public:
    static constexpr std::chrono::milliseconds patience{5'000};

    // `receive_buffer` in bytes; 0: as the system has it.
    explicit raw_client(std::uint16_t port, int receive_buffer = 0) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
        if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        connect_to(port);
    }
    // From this address of the machine, as `127.0.0.2`.
    raw_client(std::uint16_t port, const char* from) : fd_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in own{};
        own.sin_family = AF_INET;
        ::inet_pton(AF_INET, from, &own.sin_addr);
        if (::bind(fd_, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) throw std::runtime_error{"cannot bind"};
        connect_to(port);
    }
    ~raw_client() {
        if (fd_ >= 0) ::close(fd_);
    }
    raw_client(const raw_client&) = delete;
    raw_client& operator=(const raw_client&) = delete;

    // False when the peer has closed.
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }

    // At least `least` bytes more, or what came until the end or the deadline.
    std::string receive(std::size_t least = 1, std::chrono::milliseconds within = patience) {
        const auto deadline = std::chrono::steady_clock::now() + within;
        std::string got;
        while (got.size() < least && !ended_) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
            pollfd waiting{fd_, POLLIN, 0};
            if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) <= 0) break;
            char bytes[16'384];
            const auto count = ::recv(fd_, bytes, sizeof bytes, 0);
            if (count <= 0) {
                ended_ = true;
                reset_ = count < 0;
            } else {
                got.append(bytes, static_cast<std::size_t>(count));
            }
        }
        return got;
    }
    std::string receive_all(std::chrono::milliseconds within = patience) { return receive(std::string::npos, within); }

    // After receive: the peer has closed, and whether by a reset.
    bool ended() const noexcept { return ended_; }
    bool was_reset() const noexcept { return reset_; }

private:
    void connect_to(std::uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(fd_);
            throw std::runtime_error{"cannot connect"};
        }
    }

    int fd_;
    bool ended_ = false;
    bool reset_ = false;
};

}  // namespace stagedoor::tests
