// Commands in RESP, appended to one output buffer: arrays of bulk strings, the only form that servers are sent.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace stagedoor::redis {

namespace detail {

inline void append_number(std::string& out, char mark, std::size_t number) {
    char digits[24];
    digits[0] = mark;
    char* end = std::to_chars(digits + 1, digits + sizeof digits - 2, number).ptr;
    *end++ = '\r';
    *end++ = '\n';
    out.append(digits, end);
}

inline void append_argument(std::string& out, std::string_view text) {
    append_number(out, '$', text.size());
    out.append(text).append("\r\n");
}

template <std::integral Number>
void append_argument(std::string& out, Number number) {
    char digits[24];
    const char* const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    append_argument(out, std::string_view{digits, end});
}

}  // namespace detail

// Appends one command. Arguments are texts of any bytes or integers.
template <class... Args>
void append_command(std::string& out, const Args&... args) {
    detail::append_number(out, '*', sizeof...(args));
    (detail::append_argument(out, args), ...);
}

// A command that is kept: to be built in steps, or sent later or twice.
class command {
public:
    template <class... Args>
    explicit command(const Args&... args) {
        (add(args), ...);
    }

    template <class Arg>
    command& add(const Arg& arg) {
        detail::append_argument(arguments_, arg);
        ++count_;
        return *this;
    }

    // All arguments of `other` after those of this one.
    command& add_all(const command& other) {
        arguments_.append(other.arguments_);
        count_ += other.count_;
        return *this;
    }

    void append_to(std::string& out) const {
        detail::append_number(out, '*', count_);
        out.append(arguments_);
    }

    std::size_t size() const noexcept { return count_; }

private:
    std::string arguments_;
    std::size_t count_ = 0;
};

}  // namespace stagedoor::redis
