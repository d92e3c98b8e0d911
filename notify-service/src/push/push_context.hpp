// What the sockets of one shard stand on. Made by the shard, outlives its sockets.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <random>
#include <string>

#include "common/core/clock.hpp"
#include "common/core/close_code.hpp"
#include "common/core/origin.hpp"
#include "common/session/key_ring.hpp"
#include "common/session/session_policy.hpp"
#include "common/ws/socket_group.hpp"
#include "notify-service/src/hub/channels.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/hub/hub.hpp"
#include "notify-service/src/hub/read_queue.hpp"
#include "notify-service/src/hub/socket_quota.hpp"
#include "notify-service/src/metrics.hpp"
#include "notify-service/src/push/connection_frames.hpp"
#include "notify-service/src/receipts/receipt_book.hpp"

namespace stagedoor::notify {

// The same for all shards, never changed while they run.
struct push_settings {
    allowed_origins origins;
    std::string cookie_name;
    std::optional<session::key_ring> keys;
    session::timeouts timeouts;
    std::chrono::milliseconds heartbeat{};

    const session::key_ring* key_ring() const noexcept { return keys ? &*keys : nullptr; }
};

struct push_context {
    const push_settings& settings;
    socket_quota& quota;
    push_metrics& counts;
    ws::socket_group& group;
    hub& sockets;
    read_queue& reads;
    history& source;
    channels& subscriptions;
    connection_frames& frames;
    receipt_book& receipts;
    std::function<instant()> now;          // Redis' time (T5)
    std::function<instant()> since;        // when this Redis last came back with what it has (R6)
    std::function<bool()> redis_is_there;  // both links
    session::moment at() const { return {now(), since()}; }

    bool draining = false;
    std::size_t farewells = 0;  // sockets that are open only to be told why they are closed
    frame_set degraded{};       // said at the loss of the link under way
    std::minstd_rand jitter{std::random_device{}()};
};

inline transport_metrics& counts_of(push_context& node, encoding how) noexcept {
    return how == encoding::websocket ? node.counts.web_sockets : node.counts.event_streams;
}

// How long a client that comes back after this code should wait: for each another time, so that they come evenly.
std::chrono::milliseconds draw_delay(push_context& node, close_code code);
// The same for one whose connection breaks unannounced.
std::chrono::milliseconds draw_delay_after_loss(push_context& node);
// Until the first heartbeat: sockets that were opened together do not beat together.
std::chrono::milliseconds draw_first_beat(push_context& node);

// The last frame for this code, with a delay of its own for each socket where the client comes back after one.
frame make_farewell(push_context& node, encoding how, close_code code, std::optional<errc> cause);

}  // namespace stagedoor::notify
