// A published message where it lies: what a subscription connection gets most of the time, taken apart without a copy.
// Pure. Everything else, and what is not whole yet, is reply_reader's.
#pragma once

#include <optional>
#include <string_view>

namespace stagedoor::redis {

struct published {
    std::string_view channel;
    std::string_view payload;
};

// Takes `*3 $7 message $n <channel> $m <payload>` (RESP2) off the front of `bytes`. Nothing, and nothing is taken, when
// something else stands there, or less than all of it.
std::optional<published> take_published(std::string_view& bytes) noexcept;

}  // namespace stagedoor::redis
