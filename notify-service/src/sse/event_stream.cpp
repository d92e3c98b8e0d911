#include "notify-service/src/sse/event_stream.hpp"

#include <netinet/tcp.h>

#include <boost/asio/detail/socket_option.hpp>
#include <utility>

#include "notify-service/src/hub/stream_block.hpp"

namespace stagedoor::notify {
namespace {

// An event stream has no pong. In its place the kernel gives up a peer that has not taken in for so long what was sent,
// and the heartbeat sees to it that something is sent.
using user_timeout = boost::asio::detail::socket_option::integer<IPPROTO_TCP, TCP_USER_TIMEOUT>;

}  // namespace

event_stream::event_stream(ws::socket_group& group, http::tcp_socket connection, bool chunked, owner& told)
    : stream{group, std::move(connection)}, owner_{told}, chunked_{chunked} {
    boost::system::error_code ignored;  // TCP's own patience is bounded too
    tcp().set_option(user_timeout{static_cast<int>(std::chrono::milliseconds{limits::ws_pong_time}.count())}, ignored);
}

void event_stream::close(std::uint16_t code, const ws::shared_frame& last, queue policy,
                         std::chrono::milliseconds within) {
    const bool may_speak = begin_close(code, policy, within);
    if (!may_speak) return;
    if (last) push(last);
    if (chunked_) push(ws::make_bytes(last_chunk));
    flush();
    end_when_done();
}

void event_stream::take(std::span<char> bytes) {
    ignored_ += bytes.size();
    if (ignored_ > limits::sse_ignored_bytes) abort();
}

// The peer closes when it has seen the end of the body.
void event_stream::end_when_done() {
    if (now() != state::closing || !all_written() || body_ended_) return;
    body_ended_ = true;
    boost::system::error_code ignored;  // the deadline stays
    tcp().shutdown(http::tcp_socket::shutdown_send, ignored);
}

}  // namespace stagedoor::notify
