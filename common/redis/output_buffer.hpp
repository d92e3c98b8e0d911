// Bytes on their way out: appended at one end, taken by the socket at the other.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stagedoor::redis {

class output_buffer {
public:
    // Append here, and only append.
    std::string& tail() noexcept { return bytes_; }

    std::string_view unsent() const noexcept { return std::string_view{bytes_}.substr(sent_); }
    bool empty() const noexcept { return sent_ == bytes_.size(); }
    std::size_t size() const noexcept { return bytes_.size() - sent_; }

    void consume(std::size_t count) {
        sent_ += count;
        if (empty()) {
            clear();
        } else if (sent_ >= compaction_bytes) {
            bytes_.erase(0, sent_);
            sent_ = 0;
        }
    }

    void clear() {
        // The memory of a burst is given back, that of daily work is kept.
        if (bytes_.capacity() > kept_bytes) {
            bytes_ = {};
        } else {
            bytes_.clear();
        }
        sent_ = 0;
    }

private:
    static constexpr std::size_t kept_bytes = 256 * 1024;
    static constexpr std::size_t compaction_bytes = 1024 * 1024;

    std::string bytes_;
    std::size_t sent_ = 0;
};

}  // namespace stagedoor::redis
