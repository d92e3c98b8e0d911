// The one side of a connection that pushes: owns the TCP connection, writes shared frames out of a bounded queue, and
// ends in bounded time. What the peer says, and how a last word is said, is the protocol's on top: WebSocket (socket.hpp)
// or an event stream. Between two events it costs its own bytes only: no coroutine, no timer, no read buffer of its own.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "common/core/limits.hpp"
#include "common/http/tcp.hpp"
#include "common/ws/frame.hpp"
#include "common/ws/outbox.hpp"
#include "common/ws/shared_frame.hpp"

namespace stagedoor::ws {

class socket_group;

// How a connection ended.
struct close_summary {
    std::uint16_t code = 0;  // of the end that was announced first, by us or by the peer; 1006: none was
    bool by_peer = false;    // the peer closed, or was lost
    bool clean = false;      // both sides have said that it ends
};

enum class sent : std::uint8_t {
    written,   // the kernel has it
    queued,    // it waits for the peer to read
    overflow,  // the queue is full, the frame was not taken: close with 4413
    closed,    // the connection closes or is closed, the frame was not taken
};

class stream : public boost::intrusive_ref_counter<stream, boost::thread_unsafe_counter>,
               public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
public:
    virtual ~stream();
    stream(const stream&) = delete;
    stream& operator=(const stream&) = delete;

    // Begins to read. `unread`: what came behind the request; it is told of later, not within this call.
    void start(std::string unread);

    // Writes now if nothing waits, else queues.
    sent send(const shared_frame& frame);
    // Several at once in as few writes as possible: all of them are taken, or none.
    sent send(std::span<const shared_frame> frames);

    enum class queue : std::uint8_t {
        flush,  // what is queued goes out first
        drop,   // it does not; and if the peer is not reading, nothing more is said at all (N7)
    };
    // Ends TCP at once by a reset.
    void abort();

    bool open() const noexcept { return state_ == state::open; }
    std::size_t queued_bytes() const noexcept { return outbox_.bytes(); }
    // Bytes of the peer's are here that have not been read: whoever waits for a word of it is the late one.
    bool has_unread() const;

protected:
    // | state   | reads | writes          | next                                                       |
    // | ------- | ----- | --------------- | ---------------------------------------------------------- |
    // | idle    | no    | no              | open: start                                                |
    // | open    | yes   | whatever        | closing: begin_close, the peer's word, a failure; ended    |
    // | closing | yes   | what is queued  | ended: both have said so, deadline, end of file, errors    |
    // | ended   | no    | no              |                                                            |
    enum class state : std::uint8_t { idle, open, closing, ended };

    // `connection` is non-blocking. `group` outlives the stream's end.
    stream(socket_group& group, http::tcp_socket connection);

    // Turns to closing. After `within` the connection ends in any case: with `drop` by a reset, so that the kernel too
    // forgets what it has not sent. True: the last word may be pushed now, then flush() and end_when_done(). Later calls
    // change nothing, except that drop may follow flush.
    bool begin_close(std::uint16_t code, queue policy, std::chrono::milliseconds within);
    // The peer has closed first: what has not begun to go out is dropped, since it wants nothing more.
    void begin_close_by_peer(std::uint16_t code);

    void push(shared_frame last) { outbox_.push(std::move(last)); }
    void flush();
    // Our half ends, and the peer's own end is what we wait for: closing now, with bytes of it unread, would reset the
    // connection and take our last word away.
    void end_output();
    // Closes TCP.
    void end(bool by_reset);
    void end_cleanly();

    state now() const noexcept { return state_; }
    bool all_written() const noexcept { return outbox_.empty(); }
    http::tcp_socket& tcp() noexcept { return tcp_; }

private:
    friend class socket_group;

    // What the peer has sent; the bytes may be changed. It may end the stream.
    virtual void take(std::span<char> bytes) = 0;
    // Closing, and something has been written or heard: ends when all is said.
    virtual void end_when_done() = 0;
    // What was queued has gone to the kernel.
    virtual void on_drained() {}
    // The last call, exactly once if it was started, and not from within another.
    virtual void on_ended(const close_summary& how) = 0;

    void wait_readable();
    void on_readable();
    void wait_writable();
    void write_at_once(const shared_frame& frame);
    sent outcome() const noexcept;
    bool peer_is_not_reading();
    void on_deadline();

    http::tcp_socket tcp_;
    socket_group& group_;
    outbox outbox_;
    std::chrono::steady_clock::time_point deadline_{};  // while closing
    close_summary summary_{closing::lost, true, false};
    state state_ = state::idle;
    bool waiting_to_write_ = false;
    bool dropped_ = false;
};

}  // namespace stagedoor::ws
