#include "common/ws/socket.hpp"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <cstring>

#include "common/ws/socket_group.hpp"

namespace stagedoor::ws {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using kind = frame_reader::event::kind;

// Frames that go out in one system call, at most.
constexpr std::size_t gathered_frames = 16;

bool is_blocked(const error_code& ec) noexcept {
    return ec == asio::error::would_block || ec == asio::error::try_again;
}

}  // namespace

socket::socket(socket_group& group, http::tcp_socket connection, socket_owner& owner)
    : tcp_{std::move(connection)}, group_{group}, owner_{owner}, reader_{group.bounds().message_bytes} {
    error_code ignored;  // a peer that is gone already will be noticed by the first read
    tcp_.set_option(asio::socket_base::send_buffer_size{group.bounds().send_buffer_bytes}, ignored);
}

socket::~socket() = default;

void socket::start(std::string unread) {
    state_ = state::open;
    if (unread.empty()) {
        wait_readable();
        return;
    }
    asio::post(group_.executor(), [self = socket_ptr{this}, bytes = std::move(unread)]() mutable {
        if (self->state_ == state::ended) return;
        self->take(bytes);
        if (self->state_ != state::ended) self->wait_readable();
    });
}

// --- reading ---

void socket::wait_readable() {
    tcp_.async_wait(http::tcp_socket::wait_read, [self = socket_ptr{this}](const error_code& ec) {
        if (self->state_ == state::ended) return;
        ec ? self->end(false) : self->on_readable();
    });
}

void socket::on_readable() {
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

void socket::take(std::span<char> bytes) {
    for (;;) {
        const auto happened = reader_.next(bytes);
        switch (happened.what) {
            case kind::need_more: return;
            case kind::text:
            case kind::binary:
                if (state_ == state::open) owner_.on_message(*this, happened.what == kind::text, happened.payload);
                break;
            case kind::ping: answer_ping(happened.payload); break;
            case kind::pong: check_pong(happened.payload); break;
            case kind::close: on_peer_close(happened.code); break;
            case kind::failed: on_unreadable(happened.code, happened.payload); break;
        }
        if (state_ == state::ended) return;
    }
}

void socket::answer_ping(std::string_view payload) {
    if (state_ != state::open) return;
    // A peer that pings and does not read gets no answer: section 5.5.3 asks for one to the last ping only.
    const auto answered = send(make_frame(opcode::pong, payload));
    if (answered == sent::written || answered == sent::queued) owner_.on_ping(*this);
}

void socket::check_pong(std::string_view payload) {
    std::uint32_t number = 0;
    if (!awaits_pong_ || payload.size() != sizeof number) return;
    std::memcpy(&number, payload.data(), sizeof number);
    if (number != last_ping_) return;
    awaits_pong_ = false;
    if (state_ == state::open) owner_.on_pong(*this);
}

void socket::on_peer_close(std::uint16_t code) {
    peer_closed_ = true;
    if (state_ == state::open) {
        begin_closing(code, limits::ws_close_time);
        summary_.by_peer = true;
        // It has said that it wants nothing more.
        outbox_.drop_unbegun();
        outbox_.push(make_close_frame(code, {}));
        flush();
    }
    end_when_done();
}

// Section 7.1.7.
void socket::on_unreadable(std::uint16_t code, std::string_view why) {
    unreadable_ = true;
    close(code, why, nullptr, queue::flush);
    end_when_done();
}

// --- writing ---

sent socket::send(const shared_frame& frame) { return send(std::span{&frame, 1}); }

sent socket::send(std::span<const shared_frame> frames) {
    if (state_ != state::open) return sent::closed;
    std::size_t bytes = 0;
    for (const auto& each : frames) bytes += each->size();
    if (!outbox_.has_room(bytes, frames.size(), group_.bounds().queue)) return sent::overflow;
    for (const auto& each : frames) outbox_.push(each);
    flush();
    if (state_ != state::open) return sent::closed;
    return outbox_.empty() ? sent::written : sent::queued;
}

void socket::flush() {
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

void socket::wait_writable() {
    waiting_to_write_ = true;
    tcp_.async_wait(http::tcp_socket::wait_write, [self = socket_ptr{this}](const error_code& ec) {
        self->waiting_to_write_ = false;
        if (self->state_ == state::ended) return;
        if (ec) return self->end(false);
        self->flush();
        if (!self->outbox_.empty()) return;
        if (self->state_ == state::open) self->owner_.on_drained(*self);
        self->end_when_done();
    });
}

void socket::ping() {
    if (awaits_pong_ || state_ != state::open) return;
    awaits_pong_ = true;
    ++last_ping_;
    std::array<char, sizeof last_ping_> payload;
    std::memcpy(payload.data(), &last_ping_, payload.size());
    // It fits in any case: one at a time, and the peer that does not read is the one to find.
    outbox_.push(make_frame(opcode::ping, {payload.data(), payload.size()}));
    flush();
}

// --- closing ---

void socket::close(std::uint16_t code, std::string_view reason, const shared_frame& last, queue policy,
                   std::chrono::milliseconds within) {
    if (state_ == state::idle) return end(true);
    if (state_ == state::ended || (state_ == state::closing && (policy == queue::flush || dropped_))) return;
    const bool begun = state_ == state::closing;
    if (!begun) begin_closing(code, within);
    if (policy == queue::drop) {
        dropped_ = true;
        const bool something_waits = !outbox_.empty();
        outbox_.drop_unbegun();
        if (begun ? something_waits : peer_is_not_reading()) return end(true);
        deadline_ = std::min(deadline_, std::chrono::steady_clock::now() + within);
    }
    if (begun) return;  // its Close is out
    if (last) outbox_.push(last);
    outbox_.push(make_close_frame(code, reason));
    flush();
}

void socket::begin_closing(std::uint16_t code, std::chrono::milliseconds within) {
    state_ = state::closing;
    summary_ = {code, false, false};
    deadline_ = std::chrono::steady_clock::now() + within;
    group_.watch(*this);
}

// Something written before is still here or in our kernel: what would be added now could not arrive.
bool socket::peer_is_not_reading() {
    int unsent = 0;
    return !outbox_.empty() || (::ioctl(tcp_.native_handle(), SIOCOUTQNSD, &unsent) == 0 && unsent > 0);
}

void socket::end_when_done() {
    if (state_ != state::closing || !outbox_.empty()) return;
    if (unreadable_) {
        // The peer sees the end behind our Close, and its own end is what we wait for: closing now, with bytes of it
        // unread, would reset the connection and take our Close away.
        error_code ignored;  // a connection that is gone will be noticed by the read
        tcp_.shutdown(http::tcp_socket::shutdown_send, ignored);
        return;
    }
    if (!peer_closed_) return;
    summary_.clean = true;
    end(false);
}

void socket::on_deadline() { end(dropped_ || !outbox_.empty()); }

void socket::abort() {
    if (state_ == state::open) summary_ = {closing::lost, false, false};
    end(true);
}

void socket::end(bool by_reset) {
    if (state_ == state::ended) return;
    const bool started = state_ != state::idle;
    state_ = state::ended;
    group_.forget(*this);
    error_code ignored;  // closed it is, either way
    if (by_reset) tcp_.set_option(asio::socket_base::linger{true, 0}, ignored);
    tcp_.close(ignored);
    outbox_ = {};
    // Not from within a call of the owner's.
    if (started)
        asio::post(group_.executor(), [self = socket_ptr{this}] { self->owner_.on_closed(*self, self->summary_); });
}

}  // namespace stagedoor::ws
