// One browser's socket, from its request to its end: joins the hub, follows its user's history, lives no longer than
// its session. Belongs to its shard.
//
//   phase     means                                                    leaves to
//   joining   the request is not answered yet: nothing can be written  open, over
//   open      frames are written as they come                          over
//   over      a Close is on its way, or the socket is gone             (destroyed)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/http/tcp.hpp"
#include "common/ws/socket.hpp"
#include "notify-service/src/hub/member.hpp"
#include "notify-service/src/hub/message_rate.hpp"
#include "notify-service/src/hub/pulse.hpp"
#include "notify-service/src/hub/read_queue.hpp"
#include "notify-service/src/ws/push_context.hpp"

namespace stagedoor::notify {

class push_socket final : public member,
                          public reader,
                          private ws::socket_owner,
                          public std::enable_shared_from_this<push_socket> {
public:
    // Joins the hub: from here on a revocation is not missed (N1). `shard` outlives this.
    push_socket(push_context& shard, const session::session_ref& who, feed position);
    ~push_socket();

    // Subscribes, reads and checks. A refusal with close_code::try_again_later is for an answer before the upgrade.
    // Once, before open(); the caller keeps the socket meanwhile.
    runtime::task<std::optional<refusal>> join(credential presented);

    // The upgrade is done: the socket speaks. Owns itself from here on, until the connection's end.
    void open(http::tcp_socket connection, std::string unread, socket_quota::place place);

    // Every now and then: heartbeat, pong, expiry.
    void tick(steady_time now, instant wall_time);

    // Says `code` and why behind what is queued, then closes. Without effect unless open.
    void close(close_code code, std::optional<errc> cause = {});
    // Ends the connection at once.
    void abort();

    // member
    void start_read() override;
    void write(const frame& event) override;
    void on_link_lost() override;
    void end(const refusal& why) override;

    // reader
    session::session_ref whose() const override { return who_; }
    std::optional<stream_read> wanted() const override;
    void on_readout(std::uint32_t ticket, readout found) override;
    void on_unreadable() override;

private:
    enum class phase : std::uint8_t { joining, open, over };

    // What join() found, until open() can tell of it.
    struct findings {
        std::uint32_t ticket;
        readout read;
        user_facts facts;
    };

    void take_times(const admission& granted);
    // False: the read was not the newest one, and was dropped.
    bool tell(std::uint32_t ticket, const readout& read, const user_facts& facts);
    std::vector<frame> frames_of(const replay& plan, const readout& read, const user_facts& facts);
    void send(std::span<const frame> what);
    void refuse_message(std::uint16_t code, std::string_view reason);

    // ws::socket_owner
    void on_message(ws::socket& from, bool is_text, std::string_view payload) override;
    void on_pong(ws::socket& from) override;
    void on_ping(ws::socket& from) override;
    void on_closed(ws::socket& from, const ws::close_summary& how) override;

    push_context& node_;
    ws::socket_ptr socket_;
    std::shared_ptr<push_socket> self_;  // while open, and until the connection has ended
    std::optional<socket_quota::place> place_;
    std::unique_ptr<findings> findings_;
    std::optional<refusal> ended_early_;  // while joining
    instant expires_at_{};
    instant idle_at_{};
    pulse pulse_;
    message_rate messages_;
    phase phase_ = phase::joining;
};

}  // namespace stagedoor::notify
