#include "common/http/connection.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <exception>

#include "common/http/edge.hpp"

namespace stagedoor::http {
namespace {

using runtime::as_result;
using std::chrono::steady_clock;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

// How long, and for how many bytes, a peer that was refused is listened to: closing earlier would make the kernel
// send a reset, which can destroy the answer before it is read.
constexpr std::chrono::milliseconds linger_time{1000};
constexpr std::size_t linger_bytes = 256 * 1024;

}  // namespace

connection::connection(std::shared_ptr<edge> home, tcp_socket socket, const asio::ip::address& peer, std::string network)
    : home_{std::move(home)},
      socket_{std::move(socket)},
      network_{std::move(network)},
      arrival_{peer, home_->settings().proxies, home_->ids()},
      reader_{{home_->settings().header_bytes, home_->settings().target_bytes, home_->settings().body_bytes,
               home_->settings().large_body_bytes}} {}

connection::~connection() {
    unlink();
    home_->on_connection_gone(network_);
}

runtime::task<void> connection::run(std::unique_ptr<connection> self) { co_await self->serve(); }

void connection::enter(phase next, std::chrono::milliseconds within) {
    phase_ = next;
    timed_out_ = false;
    deadline_ = steady_clock::now() + within;
}

void connection::await_bytes() {
    const auto next = reader_.idle() ? phase::idle : phase::reading;
    if (next == phase_) return;
    const auto& settings = home_->settings();
    enter(next, next == phase::reading || fresh_ ? settings.request_time : settings.idle_time);
}

runtime::task<void> connection::serve() {
    for (;;) {
        const auto state = reader_.next();
        if (state == request_reader::state::refused) {
            co_await refuse(reader_.refusal());
            co_return;
        }
        if (state == request_reader::state::complete) {
            const bool open = co_await answer();
            if (!open) co_return;
            // What a peer has pipelined waits for the loop's next turn: others come between, and what is remembered is
            // looked after once a turn (C4).
            if (!reader_.idle()) co_await asio::post(socket_.get_executor(), runtime::use_task);
            continue;
        }
        if (reader_.wants_admission()) {
            const bool admitted = co_await admit_large();
            if (!admitted) co_return;
        }
        if (reader_.wants_continue()) {
            const bool sent = co_await write_rest(std::string{continue_line});
            if (!sent) co_return;
        }
        if (home_->draining() && reader_.idle()) {
            const bool crossed = read_now();
            if (!crossed) co_return;
            continue;
        }
        await_bytes();
        const auto room = reader_.prepare();
        auto received = co_await socket_.async_read_some(asio::buffer(room.data(), room.size()), as_result);
        auto& [ec, bytes] = received;
        if (!ec) {
            timed_out_ = false;  // it came just so
            reader_.commit(bytes);
        } else if (timed_out_ && phase_ == phase::reading) {
            co_await refuse(errc::request_timeout);
            co_return;
        } else if (ec != asio::error::operation_aborted || timed_out_) {
            co_return;
        }
    }
}

// A drain may have crossed a request on its way: what the kernel has is answered, as the connection's last.
bool connection::read_now() {
    boost::system::error_code ec;
    const auto room = reader_.prepare();
    const auto bytes = socket_.read_some(asio::buffer(room.data(), room.size()), ec);
    if (ec || bytes == 0) return false;
    reader_.commit(bytes);
    return true;
}

runtime::task<bool> connection::answer() {
    const auto started = steady_clock::now();
    phase_ = phase::handling;
    fresh_ = false;
    request incoming{reader_.parts(), arrival_};
    response outgoing{500};
    try {
        auto answered = co_await home_->serving().serves.handle(incoming);
        outgoing = std::move(answered);
    } catch (const std::exception& e) {
        spdlog::error("request {} on {} threw, which is a bug: {}", incoming.request_id(), incoming.route(), e.what());
        outgoing = response::problem(errc::internal_error);
    }

    const auto& parts = reader_.parts();
    const bool head_only = parts.verb == method::head;
    // A body that is written by whoever takes over ends with the connection.
    const bool keep = parts.keep_alive && !home_->draining() && !outgoing.hands_over();
    auto& out = home_->fresh_output();
    append_response(out, outgoing,
                    {.date = home_->date(),
                     .request_id = incoming.request_id(),
                     .extra_head = home_->settings().extra_head,
                     .keep_alive = keep,
                     .head_only = head_only,
                     .minor_version = parts.minor_version});
    finished_request done{.incoming = &incoming,
                          .request_id = incoming.request_id(),
                          .status = outgoing.status(),
                          .error = outgoing.error()};
    done.bytes_out = out.size();
    boost::system::error_code failed;
    const auto written = write_now(out, failed);
    done.delivered = !failed;
    if (!failed && written < out.size()) done.delivered = co_await write_rest(out.substr(written));
    done.duration = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - started);
    home_->serving().watches.on_request(done);
    if (!done.delivered) co_return false;

    if (outgoing.hands_over() && !head_only) {
        hand_over(outgoing.release_takeover());
        co_return false;
    }
    reader_.release();
    if (!keep && !reader_.idle()) co_await linger();
    co_return keep;
}

void connection::hand_over(std::unique_ptr<takeover> to) {
    // From here on neither the sweep nor a drain may touch the socket.
    unlink();
    to->take(std::move(socket_), reader_.take_unread());
}

runtime::task<void> connection::refuse(errc error) {
    const auto outgoing = response::problem(error);
    const http::request_id id{home_->ids().next()};
    co_await answer_last(outgoing, nullptr, std::string{id.text()});
}

runtime::task<bool> connection::admit_large() {
    phase_ = phase::handling;
    request incoming{reader_.parts(), arrival_};
    std::optional<response> refused;
    try {
        auto answered = co_await home_->serving().serves.may_be_large(incoming);
        refused = std::move(answered);
    } catch (const std::exception& e) {
        spdlog::error("request {} threw, which is a bug: {}", incoming.request_id(), e.what());
        refused = response::problem(errc::internal_error);
    }
    if (!refused) co_return true;
    co_await answer_last(*refused, &incoming, std::string{incoming.request_id()});
    co_return false;
}

// Answers and closes: what the peer goes on to send is not wanted.
runtime::task<void> connection::answer_last(const response& outgoing, const request* incoming, std::string request_id) {
    std::string out;
    append_response(out, outgoing,
                    {.date = home_->date(),
                     .request_id = request_id,
                     .extra_head = home_->settings().extra_head,
                     .keep_alive = false});
    finished_request done{
        .incoming = incoming, .request_id = request_id, .status = outgoing.status(), .error = outgoing.error()};
    done.bytes_out = out.size();
    done.delivered = co_await write_rest(std::move(out));
    home_->serving().watches.on_request(done);
    if (done.delivered) co_await linger();
}

std::size_t connection::write_now(std::string_view bytes, boost::system::error_code& ec) {
    const auto written = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), ec);
    if (ec == asio::error::would_block || ec == asio::error::try_again) ec = {};
    return written;
}

runtime::task<bool> connection::write_rest(std::string bytes) {
    const auto before = phase_;
    enter(phase::writing, home_->settings().write_time);
    auto written = co_await asio::async_write(socket_, asio::buffer(bytes), as_result);
    phase_ = before;
    co_return !std::get<0>(written);
}

runtime::task<void> connection::linger() {
    enter(phase::lingering, linger_time);
    boost::system::error_code ec;
    socket_.shutdown(tcp_socket::shutdown_send, ec);
    std::array<char, 1024> dropped;
    std::size_t total = 0;
    while (!ec && total < linger_bytes) {
        auto received = co_await socket_.async_read_some(asio::buffer(dropped), as_result);
        ec = std::get<0>(received);
        total += std::get<1>(received);
    }
}

void connection::drain() {
    // serve() then looks once more for a request that was on its way.
    boost::system::error_code ignored;  // nothing under way: nothing to cancel
    if (phase_ == phase::idle) socket_.cancel(ignored);
}

void connection::abort() noexcept {
    timed_out_ = true;
    boost::system::error_code ignored;  // closed it is, either way
    socket_.close(ignored);
}

void connection::sweep(steady_clock::time_point now) {
    if (phase_ == phase::handling || now < deadline_ || timed_out_) return;
    timed_out_ = true;
    boost::system::error_code ignored;  // the operation ends, whatever this says
    if (phase_ == phase::reading) {
        socket_.cancel(ignored);
    } else {
        socket_.close(ignored);
    }
}

}  // namespace stagedoor::http
