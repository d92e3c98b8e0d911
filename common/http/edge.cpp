#include "common/http/edge.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <ctime>
#include <utility>

#include "common/runtime/client_network.hpp"
#include "common/runtime/event.hpp"

namespace stagedoor::http {
namespace {

using std::chrono::steady_clock;

// How long no connection is accepted after file descriptors or memory ran out; those who knock wait in the backlog.
constexpr std::chrono::milliseconds accept_pause{100};

// What a large answer made grow beyond this is given back.
constexpr std::size_t kept_output = 256 * 1024;

bool is_shortage(const boost::system::error_code& ec) noexcept {
    namespace errc = boost::system::errc;
    return ec == errc::too_many_files_open || ec == errc::too_many_files_open_in_system ||
           ec == errc::no_buffer_space || ec == errc::not_enough_memory;
}

}  // namespace

bool tally::add_connection(const std::string& network, const listener_settings& limits) {
    const std::lock_guard lock{mutex_};
    if (connections_ >= limits.max_connections) return false;
    if (!network.empty()) {
        const auto of_network = of_network_.try_emplace(network, 0).first;
        if (of_network->second >= limits.max_per_network) return false;
        ++of_network->second;
    }
    ++connections_;
    return true;
}

void tally::remove_connection(const std::string& network) {
    const std::lock_guard lock{mutex_};
    --connections_;
    const auto of_network = of_network_.find(network);
    if (of_network != of_network_.end() && --of_network->second == 0) of_network_.erase(of_network);
}

std::size_t tally::connections() const {
    const std::lock_guard lock{mutex_};
    return connections_;
}

void tally::add_task() {
    const std::lock_guard lock{mutex_};
    ++tasks_;
}

void tally::remove_task() {
    const std::lock_guard lock{mutex_};
    if (--tasks_ == 0) idle_.notify_all();
}

bool tally::wait_idle_until(steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    return idle_.wait_until(lock, deadline, [this] { return tasks_ == 0; });
}

edge::edge(runtime::executor ex, tcp_acceptor acceptor, std::shared_ptr<const listener_settings> settings, site what,
           std::shared_ptr<tally> counts)
    : executor_{ex},
      acceptor_{std::move(acceptor)},
      settings_{std::move(settings)},
      site_{what},
      tally_{std::move(counts)},
      sweep_timer_{ex} {}

void edge::start() { spawn("http accept", accept_loop(shared_from_this())); }

void edge::spawn(std::string_view name, runtime::task<void> work) {
    tally_->add_task();
    asio::co_spawn(executor_, std::move(work), [self = shared_from_this(), name](const std::exception_ptr& failure) {
        if (failure) {
            try {
                std::rethrow_exception(failure);
            } catch (const std::exception& e) {
                spdlog::error("task {} ended by an exception, which is a bug: {}", name, e.what());
            }
        }
        self->tally_->remove_task();
    });
}

runtime::task<void> edge::accept_loop(std::shared_ptr<edge> self) {
    bool short_of = false;
    while (!self->draining_) {
        tcp_socket socket{self->executor_};
        tcp::endpoint peer;
        auto accepted = co_await self->acceptor_.async_accept(socket, peer, runtime::as_result);
        const auto ec = std::get<0>(accepted);
        if (!ec) {
            short_of = false;
            self->serve(std::move(socket), peer.address());
        } else if (is_shortage(ec)) {
            // Once for each time it begins: a log that fills the disk would be the next shortage.
            if (!short_of) spdlog::warn("cannot accept connections: {}", ec.message());
            short_of = true;
            co_await runtime::sleep_for(accept_pause);
        }
        // Everything else is one peer's mishap, or the end.
    }
}

void edge::serve(tcp_socket socket, const asio::ip::address& peer) {
    boost::system::error_code ec;
    socket.non_blocking(true, ec);
    if (ec) return;
    socket.set_option(tcp::no_delay{true}, ec);
    if (ec) return;  // the peer is gone already
    auto network = settings_->proxies.contains(peer) ? std::string{} : runtime::network_of(peer);
    if (!tally_->add_connection(network, *settings_)) {
        refuse(socket);
        return;
    }
    ++open_;
    auto made = std::make_unique<connection>(shared_from_this(), std::move(socket), peer, std::move(network));
    connections_.push_back(*made);
    report_connections();
    arm_sweep();
    spawn("http connection", connection::run(std::move(made)));
}

void edge::refuse(tcp_socket& socket) {
    site_.watches.on_refused_connection();
    auto& out = fresh_output();
    const request_id id{ids_.next()};
    append_response(
        out, response::problem(errc::overloaded),
        {.date = date(), .request_id = id.text(), .extra_head = settings_->extra_head, .keep_alive = false});
    // A new socket's buffer takes it. If the peer does not get it, it sees a closed connection: as true an answer.
    boost::system::error_code ignored;
    socket.write_some(asio::buffer(out), ignored);
    socket.shutdown(tcp_socket::shutdown_both, ignored);
}

void edge::on_connection_gone(const std::string& network) noexcept {
    --open_;
    tally_->remove_connection(network);
    report_connections();
}

void edge::report_connections() noexcept { site_.watches.on_connections(open_); }

void edge::drain() {
    if (draining_) return;
    draining_ = true;
    boost::system::error_code ignored;  // closed it is, either way
    acceptor_.close(ignored);
    for (auto& each : connections_) each.drain();
}

void edge::abort() {
    for (auto& each : connections_) each.abort();
}

void edge::arm_sweep() {
    if (sweeping_) return;
    sweeping_ = true;
    sweep_timer_.expires_after(settings_->sweep);
    sweep_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
        self->sweeping_ = false;
        if (!ec) self->sweep();
    });
}

void edge::sweep() {
    const auto now = steady_clock::now();
    for (auto& each : connections_) each.sweep(now);
    if (!connections_.empty()) arm_sweep();
}

std::string& edge::fresh_output() {
    if (output_.capacity() > kept_output) output_ = {};
    output_.clear();
    return output_;
}

std::string_view edge::date() { return dates_.at(std::time(nullptr)); }

}  // namespace stagedoor::http
