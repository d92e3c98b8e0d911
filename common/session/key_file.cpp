#include "common/session/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

// 256 keys with a comment each fit in.
constexpr std::size_t file_bytes = 64 * 1024;

class descriptor {
public:
    explicit descriptor(int fd) noexcept : fd_{fd} {}
    ~descriptor() {
        if (fd_ >= 0) ::close(fd_);
    }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    int get() const noexcept { return fd_; }
    explicit operator bool() const noexcept { return fd_ >= 0; }

private:
    int fd_;
};

std::string system_reason() { return std::strerror(errno); }

// Made whole under another name first: whoever starts at the same time sees no half of it, and the first one wins.
bool make_file(const std::filesystem::path& path) {
    const auto draft = path.string() + "." + random_text(6);
    {
        const descriptor file{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
        if (!file) return false;
        const auto text = key_ring::make_file_text();
        const bool written = ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
        if (!written || ::fsync(file.get()) != 0) {
            ::unlink(draft.c_str());
            return false;
        }
    }
    const bool linked = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
    const int why = errno;
    ::unlink(draft.c_str());
    errno = why;
    return linked;
}

}  // namespace

boost::system::result<key_ring, std::string> load_key_file(const std::filesystem::path& path, missing_key_file when) {
    const auto named = "the key file " + path.string();
    if (when == missing_key_file::is_made && ::access(path.c_str(), F_OK) != 0 && errno == ENOENT && !make_file(path)) {
        return named + " is missing and cannot be made: " + system_reason();
    }
    // Not to wait for whoever might write into a pipe: what it is, is looked at below.
    const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (!file) return named + " cannot be read: " + system_reason();
    struct stat about {};
    if (::fstat(file.get(), &about) != 0) return named + " cannot be read: " + system_reason();
    if (!S_ISREG(about.st_mode)) return named + " is not a regular file";
    if ((about.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
        return named + " is open to others (mode " + std::to_string((about.st_mode >> 6) & 7) +
               std::to_string((about.st_mode >> 3) & 7) + std::to_string(about.st_mode & 7) +
               "): make it readable by its owner alone, chmod 600";
    }
    if (static_cast<std::size_t>(about.st_size) > file_bytes) return named + " is too large";

    std::string text(static_cast<std::size_t>(about.st_size), '\0');
    const auto size = ::read(file.get(), text.data(), text.size());
    if (size < 0) return named + " cannot be read: " + system_reason();
    text.resize(static_cast<std::size_t>(size));
    std::string complaint;
    auto ring = key_ring::parse(text, complaint);
    wipe(text);
    if (!ring) return named + ", " + complaint;
    return std::move(*ring);
}

}  // namespace stagedoor::session
