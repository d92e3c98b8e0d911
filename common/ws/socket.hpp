// One WebSocket on one shard: owns the TCP connection, reads messages, writes shared frames, answers pings, closes in
// bounded time. Between two events it costs its own bytes only: no coroutine, no timer, no read buffer of its own.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/core/limits.hpp"
#include "common/http/tcp.hpp"
#include "common/ws/frame_reader.hpp"
#include "common/ws/outbox.hpp"
#include "common/ws/shared_frame.hpp"

namespace stagedoor::ws {

class socket;
class socket_group;

// How a socket ended.
struct close_summary {
    std::uint16_t code = 0;  // of the Close that came first, ours or the peer's; 1006: there was none
    bool by_peer = false;    // the peer closed, or was lost
    bool clean = false;      // Close frames went both ways
};

// Whom a socket tells. Called on the shard, never from within a call that the owner made on this socket; the owner may
// call back in.
class socket_owner {
public:
    virtual void on_message(socket& from, bool is_text, std::string_view payload) = 0;
    // The answer to the last ping(); others are not told.
    virtual void on_pong(socket& from) = 0;
    // The peer's ping was answered. For those who count.
    virtual void on_ping(socket& from) { static_cast<void>(from); }
    // What was queued has gone to the kernel.
    virtual void on_drained(socket& from) { static_cast<void>(from); }
    // The last call, exactly once for each socket that was started. The TCP connection is closed by now.
    virtual void on_closed(socket& from, const close_summary& how) = 0;

protected:
    ~socket_owner() = default;
};

enum class sent : std::uint8_t {
    written,   // the kernel has it
    queued,    // it waits for the peer to read
    overflow,  // the queue is full, the frame was not taken: close with 4413
    closed,    // the socket closes or is closed, the frame was not taken
};

class socket : public boost::intrusive_ref_counter<socket, boost::thread_unsafe_counter>,
               public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    // `connection` is non-blocking, after its handshake. `group` and `owner` outlive the socket's end.
    socket(socket_group& group, http::tcp_socket connection, socket_owner& owner);
    ~socket();
    socket(const socket&) = delete;
    socket& operator=(const socket&) = delete;

    // Begins to read. `unread`: what came behind the handshake; it may hold messages, which are told of later, not
    // within this call.
    void start(std::string unread);

    // Writes now if nothing waits, else queues.
    sent send(const shared_frame& frame);
    // Several at once in as few writes as possible: all of them are taken, or none.
    sent send(std::span<const shared_frame> frames);

    // Sends a ping, unless the answer to the last one is still due; on_pong tells of the answer.
    void ping();
    bool awaits_pong() const noexcept { return awaits_pong_; }

    enum class queue : std::uint8_t {
        flush,  // what is queued goes out first
        drop,   // it does not; and if the peer is not reading, nothing more is said at all (N7)
    };
    // Says `last` (may be null) and Close, waits for the peer's Close, then ends TCP. After `within` it ends in any
    // case: with `drop` by a reset, so that the kernel too forgets what it has not sent. Later calls change nothing,
    // except that drop may follow flush.
    void close(std::uint16_t code, std::string_view reason, const shared_frame& last, queue policy,
               std::chrono::milliseconds within = limits::ws_close_time);
    // Ends TCP at once by a reset.
    void abort();

    bool open() const noexcept { return state_ == state::open; }
    std::size_t queued_bytes() const noexcept { return outbox_.bytes(); }

private:
    friend class socket_group;

    // | state   | reads | writes          | next                                                       |
    // | ------- | ----- | --------------- | ---------------------------------------------------------- |
    // | idle    | no    | no              | open: start                                                |
    // | open    | yes   | whatever        | closing: close, the peer's Close, a failure; ended         |
    // | closing | yes   | what is queued  | ended: Close went both ways, deadline, end of file, errors |
    // | ended   | no    | no              |                                                            |
    enum class state : std::uint8_t { idle, open, closing, ended };

    void wait_readable();
    void on_readable();
    void take(std::span<char> bytes);
    void answer_ping(std::string_view payload);
    void check_pong(std::string_view payload);
    void on_peer_close(std::uint16_t code);
    void on_unreadable(std::uint16_t code, std::string_view why);

    void flush();
    void wait_writable();

    void begin_closing(std::uint16_t code, std::chrono::milliseconds within);
    bool peer_is_not_reading();
    void end_when_done();
    void on_deadline();
    void end(bool by_reset);

    http::tcp_socket tcp_;
    socket_group& group_;
    socket_owner& owner_;
    frame_reader reader_;
    outbox outbox_;
    std::chrono::steady_clock::time_point deadline_{};  // while closing
    close_summary summary_{closing::lost, true, false};
    std::uint32_t last_ping_ = 0;
    state state_ = state::idle;
    bool awaits_pong_ = false;
    bool waiting_to_write_ = false;
    bool dropped_ = false;
    bool peer_closed_ = false;  // its Close has come
    bool unreadable_ = false;   // it broke the protocol: no Close of it will be understood
};

using socket_ptr = boost::intrusive_ptr<socket>;

}  // namespace stagedoor::ws
