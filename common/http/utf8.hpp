// UTF-8 (RFC 3629), checked piece by piece: a character may be cut anywhere. No state but four bytes.
#pragma once

#include <cstdint>
#include <string_view>

namespace stagedoor {

class utf8_checker {
public:
    // False as soon as the bytes so far cannot be the beginning of UTF-8: overlong forms, surrogates and what lies
    // above U+10FFFF included. After false the checker is spent until reset().
    bool feed(std::string_view bytes) noexcept;
    // True when no character is half done.
    bool complete() const noexcept { return missing_ == 0; }
    void reset() noexcept { *this = {}; }

private:
    std::uint8_t missing_ = 0;  // continuation bytes still to come
    std::uint8_t low_ = 0x80;   // the range of the next one
    std::uint8_t high_ = 0xbf;
};

inline bool is_utf8(std::string_view text) noexcept {
    utf8_checker checker;
    return checker.feed(text) && checker.complete();
}

}  // namespace stagedoor
