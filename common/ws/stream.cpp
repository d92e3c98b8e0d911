#include "common/ws/stream.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <string_view>
#include <utility>

#include "common/ws/socket_group.hpp"

namespace stagedoor::ws {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using stream_ptr = boost::intrusive_ptr<stream>;

// Frames that go out in one system call, at most.
constexpr std::size_t gathered_frames = 16;

bool is_blocked(const error_code& ec) noexcept {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

}  // namespace

stream::stream(socket_group& group, http::tcp_socket connection) : tcp_{std::move(connection)}, group_{group} {
    error_code ignored;  // a peer that is gone already will be noticed by the first read
    tcp_.set_option(asio::socket_base::send_buffer_size{group.bounds().send_buffer_bytes}, ignored);
}

stream::~stream() = default;

void stream::start(std::string unread) {
    state_ = state::open;
    if (unread.empty()) {
        wait_readable();
        return;
    }
    asio::post(group_.executor(), [self = stream_ptr{this}, bytes = std::move(unread)]() mutable {
        if (self->state_ == state::ended) return;
        self->take(bytes);
        if (self->state_ != state::ended) self->wait_readable();
    });
}

// --- reading ---

void stream::wait_readable() {
    tcp_.async_wait(http::tcp_socket::wait_read, [self = stream_ptr{this}](const error_code& ec) {
        if (self->state_ == state::ended) return;
        ec ? self->end(false) : self->on_readable();
    });
}

void stream::on_readable() {
    const auto room = group_.read_buffer();
    error_code ec;
    const auto count = tcp_.read_some(asio::buffer(room.data(), room.size()), ec);
    if (!ec) {
        take(room.first(count));
    } else if (!is_blocked(ec)) {
        end(false);
    }
    if (state_ != state::ended) wait_readable();
}

bool stream::has_unread() const {
    error_code ec;
    const auto bytes = tcp_.available(ec);
    return !ec && bytes > 0;
}

// --- writing ---

sent stream::send(const shared_frame& frame) {
    if (state_ != state::open || waiting_to_write_ || !outbox_.empty()) return send(std::span{&frame, 1});
    if (!outbox_.has_room(frame->size(), 1, group_.bounds().queue)) return sent::overflow;
    write_at_once(frame);
    return outcome();
}

// What most sockets get most of the time: one frame, and nothing waits before it. It never comes into the queue.
void stream::write_at_once(const shared_frame& frame) {
    const auto bytes = frame->view();
    error_code ec;
    const auto written = tcp_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec && !is_blocked(ec)) return end(false);
    if (written == bytes.size()) return;
    outbox_.push(frame, written);
    flush();
}

sent stream::send(std::span<const shared_frame> frames) {
    if (state_ != state::open) return sent::closed;
    std::size_t bytes = 0;
    for (const auto& each : frames) bytes += each->size();
    if (!outbox_.has_room(bytes, frames.size(), group_.bounds().queue)) return sent::overflow;
    for (const auto& each : frames) outbox_.push(each);
    flush();
    return outcome();
}

sent stream::outcome() const noexcept {
    if (state_ != state::open) return sent::closed;
    return outbox_.empty() ? sent::written : sent::queued;
}

void stream::flush() {
    if (waiting_to_write_ || state_ == state::ended) return;
    while (!outbox_.empty()) {
        std::array<std::string_view, gathered_frames> views;
        std::array<asio::const_buffer, gathered_frames> buffers;
        const auto count = outbox_.gather(views);
        for (std::size_t i = 0; i < count; ++i) buffers[i] = asio::buffer(views[i].data(), views[i].size());
        error_code ec;
        const auto written = tcp_.write_some(std::span{buffers.data(), count}, ec);
        outbox_.consume(written);
        if (is_blocked(ec)) return wait_writable();
        if (ec) return end(false);
    }
}

void stream::wait_writable() {
    waiting_to_write_ = true;
    tcp_.async_wait(http::tcp_socket::wait_write, [self = stream_ptr{this}](const error_code& ec) {
        self->waiting_to_write_ = false;
        if (self->state_ == state::ended) return;
        if (ec) return self->end(false);
        self->flush();
        if (!self->outbox_.empty()) return;
        if (self->state_ == state::open) self->on_drained();
        if (self->state_ == state::closing) self->end_when_done();
    });
}

// --- closing ---

bool stream::begin_close(std::uint16_t code, queue policy, std::chrono::milliseconds within) {
    if (state_ == state::idle) end(true);
    if (state_ == state::ended || (state_ == state::closing && (policy == queue::flush || dropped_))) return false;
    const auto latest = std::chrono::steady_clock::now() + within;
    const bool begun = state_ == state::closing;
    if (!begun) {
        state_ = state::closing;
        summary_ = {code, false, false};
        deadline_ = latest;
        group_.watch(*this);
    }
    if (policy == queue::drop) {
        dropped_ = true;
        const bool something_waits = !outbox_.empty();
        outbox_.drop_unbegun();
        if (begun ? something_waits : peer_is_not_reading()) {
            end(true);
            return false;
        }
        deadline_ = std::min(deadline_, latest);
    }
    return !begun;  // if it had, the last word is out
}

void stream::begin_close_by_peer(std::uint16_t code) {
    const bool begun = begin_close(code, queue::flush, limits::ws_close_time);
    if (!begun) return;
    summary_.by_peer = true;
    outbox_.drop_unbegun();
}

// Something written before is still here or in our kernel: what would be added now could not arrive.
bool stream::peer_is_not_reading() {
    int unsent = 0;
    return !outbox_.empty() || (::ioctl(tcp_.native_handle(), SIOCOUTQNSD, &unsent) == 0 && unsent > 0);
}

void stream::on_deadline() { end(dropped_ || !outbox_.empty()); }

void stream::end_output() {
    error_code ignored;  // a connection that is gone will be noticed by the read
    tcp_.shutdown(http::tcp_socket::shutdown_send, ignored);
}

void stream::end_cleanly() {
    summary_.clean = true;
    end(false);
}

void stream::abort() {
    if (state_ == state::open) summary_ = {closing::lost, false, false};
    end(true);
}

void stream::end(bool by_reset) {
    if (state_ == state::ended) return;
    const bool started = state_ != state::idle;
    state_ = state::ended;
    group_.forget(*this);
    error_code ignored;  // closed it is, either way
    if (by_reset) tcp_.set_option(asio::socket_base::linger{true, 0}, ignored);
    tcp_.close(ignored);
    outbox_ = {};
    // Not from within a call of the owner's.
    if (started) asio::post(group_.executor(), [self = stream_ptr{this}] { self->on_ended(self->summary_); });
}

}  // namespace stagedoor::ws
