// One WebSocket on one shard: a stream that reads messages, answers pings, and closes by RFC 6455's handshake.
#pragma once

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/ws/frame_reader.hpp"
#include "common/ws/stream.hpp"

namespace stagedoor::ws {

class socket;

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

class socket final : public stream {
public:
    // `connection` is non-blocking, after its handshake. `group` and `owner` outlive the socket's end.
    socket(socket_group& group, http::tcp_socket connection, socket_owner& owner);

    // Sends a ping, unless the answer to the last one is still due; on_pong tells of the answer.
    void ping();
    bool awaits_pong() const noexcept { return awaits_pong_; }

    // Says `last` (may be null) and Close, waits for the peer's Close, then ends TCP; see begin_close.
    void close(std::uint16_t code, std::string_view reason, const shared_frame& last, queue policy,
               std::chrono::milliseconds within = limits::ws_close_time);

private:
    void take(std::span<char> bytes) override;
    void end_when_done() override;
    void on_drained() override { owner_.on_drained(*this); }
    void on_ended(const close_summary& how) override { owner_.on_closed(*this, how); }

    void answer_ping(std::string_view payload);
    void check_pong(std::string_view payload);
    void on_peer_close(std::uint16_t code);
    void on_unreadable(std::uint16_t code, std::string_view why);

    socket_owner& owner_;
    frame_reader reader_;
    std::uint32_t last_ping_ = 0;
    bool awaits_pong_ = false;
    bool peer_closed_ = false;  // its Close has come
    bool unreadable_ = false;   // it broke the protocol: no Close of it will be understood
};

using socket_ptr = boost::intrusive_ptr<socket>;

}  // namespace stagedoor::ws
