#include "tests/support/redis_server.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

namespace stagedoor::tests {
namespace {

constexpr int patience_ms = 5'000;

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error{"redis test server: " + what}; }

template <class Address>
const sockaddr* as_sockaddr(const Address& address) {
    return static_cast<const sockaddr*>(static_cast<const void*>(&address));
}

int connect_unix(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) fail("socket path too long");
    std::memcpy(address.sun_path, path.c_str(), path.size());
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ::connect(fd, as_sockaddr(address), sizeof address) == 0) return fd;
    if (fd >= 0) ::close(fd);
    return -1;
}

// Free at this moment; Redis says so if it was taken since.
std::uint16_t find_free_port() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool found = fd >= 0 && ::bind(fd, as_sockaddr(address), size) == 0 &&
                       ::getsockname(fd, static_cast<sockaddr*>(static_cast<void*>(&address)), &size) == 0;
    if (fd >= 0) ::close(fd);
    if (!found) fail("no free port");
    return ntohs(address.sin_port);
}

}  // namespace

redis_client::redis_client(const std::string& socket_path) : fd_{connect_unix(socket_path)} {
    if (fd_ < 0) fail("cannot connect to " + socket_path);
}

redis_client::~redis_client() { ::close(fd_); }

void redis_client::send(const redis::command& what) {
    std::string bytes;
    what.append_to(bytes);
    std::string_view rest{bytes};
    while (!rest.empty()) {
        const auto sent = ::send(fd_, rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent <= 0) fail("cannot write");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
}

redis::value redis_client::read() {
    auto reply = try_read(patience_ms);
    if (!reply) fail("no reply");
    return std::move(*reply);
}

std::optional<redis::value> redis_client::try_read(int milliseconds) {
    for (;;) {
        redis::value reply;
        const auto whole = reader_.next(reply);
        if (!whole) fail("a reply is not RESP");
        if (*whole) return reply;
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, milliseconds) <= 0) return std::nullopt;
        char bytes[16 * 1024];
        const auto got = ::recv(fd_, bytes, sizeof bytes, 0);
        if (got <= 0) fail("the connection was closed");
        reader_.feed({bytes, static_cast<std::size_t>(got)});
    }
}

redis_server::redis_server(std::vector<std::string> options) : options_{std::move(options)} {
    std::string name = std::filesystem::temp_directory_path() / "stagedoor-redis-XXXXXX";
    if (!::mkdtemp(name.data())) fail("no temporary directory");
    directory_ = name;
    socket_path_ = directory_ / "redis.sock";
    port_ = find_free_port();
    start();
}

redis_server::~redis_server() {
    kill();
    std::error_code ignored;  // a directory left behind hurts nobody
    std::filesystem::remove_all(directory_, ignored);
}

void redis_server::start() {
    std::vector<std::string> words{"redis-server",    "--port",    std::to_string(port_),
                                   "--bind",          "127.0.0.1", "--unixsocket",
                                   socket_path_,      "--dir",     directory_,
                                   "--save",          "",          "--logfile",
                                   directory_ / "log"};
    words.insert(words.end(), options_.begin(), options_.end());
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);

    pid_ = ::fork();
    if (pid_ < 0) fail("cannot fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that crashes leaves no server behind
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{patience_ms};
    while (std::chrono::steady_clock::now() < deadline) {
        if (::waitpid(pid_, nullptr, WNOHANG) != 0) {
            pid_ = -1;
            fail("redis-server ended at once");
        }
        const int fd = connect_unix(socket_path_);
        if (fd >= 0) {
            ::close(fd);
            const auto pong = (*this)("PING");
            if (!pong.is_error() || !pong.error_text().starts_with("LOADING")) return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    fail("redis-server does not answer");
}

void redis_server::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    std::error_code ignored;  // Redis makes the socket anew
    std::filesystem::remove(socket_path_, ignored);
}

void redis_server::freeze() {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    ::waitpid(pid_, &status, WUNTRACED);
}

void redis_server::thaw() { ::kill(pid_, SIGCONT); }

redis::url redis_server::unix_url() const {
    redis::url where;
    where.path = socket_path_;
    return where;
}

redis::url redis_server::tcp_url() const {
    redis::url where;
    where.host = "127.0.0.1";
    where.port = port_;
    return where;
}

}  // namespace stagedoor::tests
