// Why a command did not do what it was asked to: one line for the person, one exit code for the script. A command that
// cannot go on throws it, from however deep; main tells it and leaves.
#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace stagedoor::ctl {

// The numbers are what scripts rely on.
enum class exit_code : int {
    done = 0,
    partial = 1,         // done for some, refused for others
    usage = 2,           // the call itself is wrong
    not_signed_in = 3,   // no credentials, or they are over or wrong
    forbidden = 4,       // these credentials may not do it
    not_found = 5,       // there is nobody or nothing of that name
    conflict = 6,        // the state does not allow it, or somebody was faster
    unreachable = 7,     // nobody answers at the address
    unavailable = 8,     // the server cannot do it now: 503, 429, or too slow
    not_understood = 9,  // an answer that this version does not understand
    not_delivered = 10,  // --wait-delivered: done, and not seen in the time given
    unhealthy = 11,      // doctor found something to fix
    not_written = 12,    // standard output takes nothing more: a full disk
    interrupted = 130,   // Ctrl-C
};

struct exit_meaning {
    exit_code code;
    std::string_view meaning;
};

// One line per code, in order: the manual and the documents have this table.
extern const std::array<exit_meaning, 14> exit_meanings;

class failure : public std::runtime_error {
public:
    failure(exit_code code, const std::string& line, std::optional<std::chrono::seconds> retry_after = {})
        : std::runtime_error{line}, code_{code}, retry_after_{retry_after} {}
    exit_code code() const noexcept { return code_; }
    // The server may be there again later.
    bool is_away() const noexcept { return code_ == exit_code::unreachable || code_ == exit_code::unavailable; }
    // When, if it has said so (Retry-After).
    std::optional<std::chrono::seconds> retry_after() const noexcept { return retry_after_; }

    // The same, of a call that went out and has not been answered: whether it was carried out nobody can tell.
    failure in_doubt() const {
        auto same = *this;
        same.in_doubt_ = true;
        return same;
    }
    bool is_in_doubt() const noexcept { return in_doubt_; }

private:
    exit_code code_;
    std::optional<std::chrono::seconds> retry_after_;
    bool in_doubt_ = false;
};

}  // namespace stagedoor::ctl
