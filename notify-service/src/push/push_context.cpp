#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Clients come back evenly over this time. A drain has spread them already, over its window.
struct spread {
    milliseconds from;
    milliseconds to;
};
constexpr spread spread_of(close_code code) noexcept {
    switch (code) {
        case close_code::draining:
            return {100ms, 1100ms};
        case close_code::try_again_later:
            return {1s, 5s};
        case close_code::too_many_sockets:
            return {5s, 15s};
        case close_code::session_over:
        case close_code::account_suspended:
        case close_code::session_unclear:
        case close_code::no_pong:
        case close_code::slow_reader:
            break;
    }
    return {0ms, 0ms};
}

}  // namespace

frame make_farewell(push_context& node, encoding how, close_code code, std::optional<errc> cause) {
    std::optional<milliseconds> after;
    if (rule_of(code).advice == reconnect::after) {
        const auto [from, to] = spread_of(code);
        after = milliseconds{std::uniform_int_distribution<std::int64_t>{from.count(), to.count()}(node.jitter)};
    }
    return encode(how, node.frames.make(connection_frames::closing{code, cause, after}, node.now()));
}

}  // namespace stagedoor::notify
