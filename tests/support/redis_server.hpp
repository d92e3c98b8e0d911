// A private redis-server for one test: own directory, unix socket and a port of its own on 127.0.0.1. Ended by its
// process id when the test ends, however it ends. Everything here blocks and throws std::runtime_error.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/redis/command.hpp"
#include "common/redis/resp.hpp"
#include "common/redis/url.hpp"

namespace stagedoor::tests {

// A connection as simple as can be, to look at the server from outside of what is tested.
class redis_client {
public:
    explicit redis_client(const std::string& socket_path);
    ~redis_client();
    redis_client(const redis_client&) = delete;
    redis_client& operator=(const redis_client&) = delete;

    template <class... Args>
    redis::value operator()(const Args&... args) {
        send(redis::command{args...});
        return read();
    }
    void send(const redis::command& what);
    // The next reply or message; waits at most 5 s for it.
    redis::value read();
    // The next reply or message, nothing when none comes within `milliseconds`.
    std::optional<redis::value> try_read(int milliseconds);

private:
    int fd_;
    redis::reply_reader reader_;
};

class redis_server {
public:
    // `options` as for redis-server's command line: {"--appendonly", "yes"}.
    explicit redis_server(std::vector<std::string> options = {});
    ~redis_server();
    redis_server(const redis_server&) = delete;
    redis_server& operator=(const redis_server&) = delete;

    // Starts it again after kill(), in the same place. Returns when it answers.
    void start();
    void kill();    // SIGKILL
    void freeze();  // SIGSTOP: connections live, nothing answers
    void thaw();

    redis::url unix_url() const;
    redis::url tcp_url() const;
    const std::string& socket_path() const noexcept { return socket_path_; }

    // One command over a connection of its own.
    template <class... Args>
    redis::value operator()(const Args&... args) {
        return redis_client{socket_path_}(args...);
    }

private:
    std::filesystem::path directory_;
    std::string socket_path_;
    std::uint16_t port_ = 0;
    std::vector<std::string> options_;
    pid_t pid_ = -1;
};

}  // namespace stagedoor::tests
