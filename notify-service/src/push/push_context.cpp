#include "notify-service/src/push/push_context.hpp"

namespace stagedoor::notify {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Those who lose a node that dies are told before how to come back evenly.
constexpr auto soonest_after_loss = 1s;
constexpr auto latest_after_loss = 4s;

milliseconds draw(push_context& node, milliseconds soonest, milliseconds latest) {
    return milliseconds{std::uniform_int_distribution{soonest.count(), latest.count()}(node.jitter)};
}

}  // namespace

milliseconds draw_delay(push_context& node, close_code code) {
    const auto& rule = rule_of(code);
    return draw(node, milliseconds{rule.soonest_ms}, milliseconds{rule.latest_ms});
}

milliseconds draw_first_beat(push_context& node) {
    return draw(node, node.settings.heartbeat / 2, node.settings.heartbeat);
}

milliseconds draw_delay_after_loss(push_context& node) { return draw(node, soonest_after_loss, latest_after_loss); }

frame make_farewell(push_context& node, encoding how, close_code code, std::optional<errc> cause) {
    // Clients of event streams come back by themselves: they are told when, also where the advice leaves it to the client.
    const auto advice = rule_of(code).advice;
    std::optional<milliseconds> retry;
    if (advice != reconnect::never) retry = draw_delay(node, code);
    const auto after = advice == reconnect::after ? retry : std::nullopt;
    return encode(how, node.frames.make(connection_frames::closing{code, cause, after}, node.now()), {.retry = retry});
}

}  // namespace stagedoor::notify
