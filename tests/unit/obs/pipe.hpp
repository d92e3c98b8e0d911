// A pipe whose reading end the test holds, in the place of stderr.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string>

namespace stagedoor::tests {

class pipe {
public:
    pipe() {
        if (::pipe2(ends_.data(), O_CLOEXEC) != 0) throw std::runtime_error{"pipe2"};
    }
    pipe(const pipe&) = delete;
    pipe& operator=(const pipe&) = delete;
    ~pipe() {
        ::close(ends_[0]);
        close_writer();
    }

    int writer() const noexcept { return ends_[1]; }
    void close_writer() {
        if (ends_[1] >= 0) ::close(ends_[1]);
        ends_[1] = -1;
    }

    // Fills the pipe until it takes nothing more, and returns with how many bytes.
    std::size_t fill() {
        const int flags = ::fcntl(writer(), F_GETFL);
        ::fcntl(writer(), F_SETFL, flags | O_NONBLOCK);
        const std::string block(4096, '#');
        std::size_t total = 0;
        for (ssize_t n = 0; (n = ::write(writer(), block.data(), block.size())) > 0;)
            total += static_cast<std::size_t>(n);
        ::fcntl(writer(), F_SETFL, flags);
        return total;
    }

    // Reads until `text` has come, and returns all that has been read; the test's time limit ends a wait in vain.
    std::string read_until(const std::string& text) {
        std::string all;
        std::array<char, 4096> chunk;
        while (all.find(text) == std::string::npos) {
            const auto n = ::read(ends_[0], chunk.data(), chunk.size());
            if (n <= 0) break;
            all.append(chunk.data(), static_cast<std::size_t>(n));
        }
        return all;
    }

    // Everything, to the end; the writing end has to be closed.
    std::string read_all() { return read_until(std::string(1, '\0')); }

private:
    std::array<int, 2> ends_{};
};

}  // namespace stagedoor::tests
