// One browser's connection, from its request to its end, whatever its transport: joins the hub, follows its user's
// history, lives no longer than its session. What is left to the transport is how bytes come and go. Belongs to its
// shard.
//
//   phase     means                                                    leaves to
//   joining   the request is not answered yet: nothing can be written  open, over
//   open      frames are written as they come                          over
//   over      its last frame is on its way, or the connection is gone  (destroyed)
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/http/tcp.hpp"
#include "common/ws/socket.hpp"
#include "notify-service/src/hub/member.hpp"
#include "notify-service/src/hub/pulse.hpp"
#include "notify-service/src/hub/read_queue.hpp"
#include "notify-service/src/push/console.hpp"
#include "notify-service/src/push/push_context.hpp"
#include "notify-service/src/receipts/receipt_book.hpp"

namespace stagedoor::notify {

class push_socket : public member, public reader, public std::enable_shared_from_this<push_socket> {
public:
    // Subscribes, reads and checks. A refusal with close_code::try_again_later is for an answer before anything is
    // written. Once, before the connection is handed over; the caller keeps the socket meanwhile.
    // `cursor`: the client's.
    runtime::task<std::optional<refusal>> join(credential presented, std::string cursor);

    // The answer's head is written: the socket speaks. `unread`: what the client has sent behind its request.
    virtual void open(http::tcp_socket connection, std::string unread, socket_quota::place place) = 0;

    // Every now and then: heartbeat, pong, expiry.
    void tick(steady_time now, instant wall_time);

    // Says `code` and why behind what is queued, then closes. Without effect unless open.
    void close(close_code code, std::optional<errc> cause = {});
    // Ends the connection at once.
    virtual void abort() = 0;

    // What Redis has of the session, while nobody would tell of its end. What is unclear is asked again when somebody
    // would.
    void on_session(const readout& found);

    // member; write() is the transport's: one virtual call for an event and a socket
    void start_read() final;
    void on_link_lost() final;
    void end(const refusal& why, std::int64_t change) final;

    // reader
    session::session_ref whose() const final { return who_; }
    std::optional<read_request> wanted() const final;
    void on_readout(const read_request& asked, readout found) final;
    void on_unreadable() final;

    // For its console: the next letter of the admins' stream.
    void write_from_feed(const admin_letter& news);

protected:
    // Joins the hub: from here on a revocation is not missed (N1). `shard` outlives this.
    push_socket(push_context& shard, encoding how, const session::session_ref& who, feed position);
    ~push_socket();

    bool is_open() const noexcept { return phase_ == phase::open; }
    push_context& node() const noexcept { return node_; }

    // For the transport: the connection is here, what is put now will be written. From here on the socket owns itself.
    void opened(socket_quota::place place);
    // What came of an event that the transport has put by itself, in write(): whether it was taken.
    bool on_put(ws::sent outcome);
    // The client has taken in every event up to this version, which was written (N9).
    void on_acknowledged(std::int64_t version);
    // The peer has answered what ask_for_life() asked.
    void on_life() { pulse_.pong(); }
    // The transport closes by itself, for a fault of its protocol.
    void on_closing() noexcept { phase_ = phase::over; }
    // The connection has ended: the last call.
    void closed(const ws::close_summary& how);

private:
    enum class phase : std::uint8_t { joining, open, over };

    // What join() found, until opened() can tell of it.
    struct findings {
        read_request asked;
        readout read;
        user_facts facts;
    };

    // The transport's part. All of the frames are taken, or none.
    virtual ws::sent put(std::span<const frame> frames) = 0;
    // Asks the peer for a sign of life that on_life() hears of. False: the transport knows none.
    virtual bool ask_for_life() = 0;
    // Bytes of the peer's wait to be read: what we miss may be among them.
    virtual bool has_unread() const = 0;
    // Says `last` (may be null) and ends the connection; see ws::socket::close.
    virtual void put_last(close_code code, const frame& last, ws::socket::queue policy,
                          std::chrono::milliseconds within) = 0;

    runtime::task<std::optional<refusal>> read_first(credential presented);
    read_request pending() const;
    void take_times(const admission& granted);
    // False: the read was not the newest one, and was dropped.
    bool tell(const read_request& asked, const readout& read, const user_facts& facts);
    void add_welcome(std::vector<frame>& to, const replay& own, const console::news& feed, const user_facts& facts);
    // How many.
    std::size_t add_events(std::vector<frame>& to, const replay& own, const readout& read, const console::news& feed);
    // Behind what was written last, on a console in both histories.
    std::string cursor() const;
    // Whether they were taken.
    bool send(std::span<const frame> what);
    bool was_taken(ws::sent outcome);

    push_context& node_;
    transport_metrics& counts_;
    std::shared_ptr<push_socket> self_;  // while open, and until the connection has ended
    std::optional<socket_quota::place> place_;
    std::unique_ptr<findings> findings_;
    std::unique_ptr<console> console_;  // of admins alone
    struct ending {
        refusal why;
        std::int64_t change;
    };
    std::optional<ending> ended_early_;  // while joining
    instant expires_at_{};
    instant idle_at_{};
    pulse pulse_;
    receipt_line receipt_;
    phase phase_ = phase::joining;
    const encoding encoding_;
};

}  // namespace stagedoor::notify
