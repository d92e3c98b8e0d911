#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

struct spread {
    milliseconds from;
    milliseconds to;
};

// Those who lose a node that dies are told before how to come back evenly.
constexpr spread after_a_loss{1s, 4s};

// Clients come back evenly over this time. A drain has spread them already, over its window.
constexpr spread spread_of(close_code code) noexcept {
    switch (code) {
        case close_code::draining:
            return {100ms, 1100ms};
        case close_code::try_again_later:
            return {1s, 5s};
        case close_code::too_many_sockets:
            return {5s, 15s};
        case close_code::session_unclear:
            return {1s, 5s};
        case close_code::no_pong:
        case close_code::slow_reader:
            return {0ms, 1s};
        case close_code::session_over:
        case close_code::account_suspended:
            break;
    }
    return {0ms, 0ms};
}

milliseconds draw(push_context& node, const spread& within) {
    return milliseconds{std::uniform_int_distribution{within.from.count(), within.to.count()}(node.jitter)};
}

}  // namespace

milliseconds draw_delay(push_context& node, close_code code) { return draw(node, spread_of(code)); }

milliseconds draw_delay_after_loss(push_context& node) { return draw(node, after_a_loss); }

frame make_farewell(push_context& node, encoding how, close_code code, std::optional<errc> cause) {
    // Clients of event streams come back by themselves: they are told when, also where the advice leaves it to the client.
    const auto advice = rule_of(code).advice;
    std::optional<milliseconds> retry;
    if (advice != reconnect::never) retry = draw_delay(node, code);
    const auto after = advice == reconnect::after ? retry : std::nullopt;
    return encode(how, node.frames.make(connection_frames::closing{code, cause, after}, node.now()), {.retry = retry});
}

}  // namespace stagedoor::notify
