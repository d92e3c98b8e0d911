// The failpoint of the tests: with FAILPOINT_STOP_AT=<name>:<n> the process stops (SIGSTOP) when it comes by <name> for
// the n-th time. Whoever waits for that kills it there, or wakes it much later.
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdlib>

#include "common/runtime/failpoint.hpp"

namespace stagedoor::runtime {
namespace {

struct stop {
    std::string_view name;
    std::int64_t passes_left = 0;
};

stop read_environment() noexcept {
    const char* const text = std::getenv("FAILPOINT_STOP_AT");
    if (!text) return {};
    const std::string_view all{text};
    const auto colon = all.find(':');
    stop wanted{all.substr(0, colon), 1};
    if (colon != std::string_view::npos) std::from_chars(text + colon + 1, text + all.size(), wanted.passes_left);
    return wanted;
}

}  // namespace

void failpoint(std::string_view name) noexcept {
    static const auto wanted = read_environment();
    static std::atomic<std::int64_t> passes_left{wanted.passes_left};
    if (name != wanted.name || --passes_left != 0) return;
    ::kill(::getpid(), SIGSTOP);
}

}  // namespace stagedoor::runtime
