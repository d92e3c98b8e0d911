#include "common/redis/connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::redis {
namespace asio = runtime::asio;

using boost::system::error_code;
using std::chrono::steady_clock;

connection::connection(runtime::executor shard, url where, std::string name, connection_user& user,
                       output_buffer& output, reading how)
    : shard_{shard},
      where_{std::move(where)},
      name_{std::move(name)},
      how_{how},
      user_{user},
      output_{output},
      socket_{shard},
      resolver_{shard},
      pause_timer_{shard},
      watch_timer_{shard},
      input_(limits::redis_read_chunk, '\0'),
      backoff_{limits::redis_backoff_min},
      jitter_{std::random_device{}()} {}

void connection::start(runtime::task_group& tasks) {
    tasks.spawn("redis connection", run());
    tasks.spawn("redis watch", watch());
}

void connection::stop() {
    stopping_ = true;
    drop("stopped");
    error_code ignored;  // the socket may be connecting, or be none
    socket_.close(ignored);
    resolver_.cancel();
    pause_timer_.cancel();
    watch_timer_.cancel();
}

runtime::task<void> connection::run() {
    while (!stopping_) {
        const bool opened = co_await open();
        if (opened) {
            user_.opened();
            flush_soon();
            co_await read_until_closed();
            user_.closed();
        }
        if (stopping_) break;
        log_failure();
        co_await pause();
    }
    // Handlers of a last flush refer to this.
    while (flush_posted_ || write_blocked_) co_await asio::post(shard_, runtime::use_task);
}

runtime::task<bool> connection::open() {
    connect_deadline_ = steady_clock::now() + limits::redis_connect_time;
    const auto endpoints = co_await resolve();
    for (const auto& each : endpoints) {
        if (stopping_ || steady_clock::now() >= *connect_deadline_) break;
        error_code ignored;  // whatever the former attempt left
        socket_.close(ignored);
        const auto connected = co_await socket_.async_connect(each, runtime::as_result);
        const auto failed = std::get<0>(connected);
        if (!failed && socket_.is_open()) {
            open_ = true;
            break;
        }
        failure_ = "cannot connect: " + failed.message();
    }
    const bool late = steady_clock::now() >= *connect_deadline_;
    connect_deadline_.reset();
    if (!open_) {
        if (late) failure_ = "cannot connect in time";
        co_return false;
    }
    error_code ignored;  // not for unix sockets; without it answers are a little later
    if (!where_.is_unix()) socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.non_blocking(true);
    co_return true;
}

runtime::task<std::vector<connection::endpoint>> connection::resolve() {
    std::vector<endpoint> endpoints;
    if (where_.is_unix()) {
        endpoints.emplace_back(asio::local::stream_protocol::endpoint{where_.path});
        co_return endpoints;
    }
    error_code not_an_address;
    const auto address = asio::ip::make_address(where_.host, not_an_address);
    if (!not_an_address) {
        endpoints.emplace_back(asio::ip::tcp::endpoint{address, where_.port});
        co_return endpoints;
    }
    auto resolved = co_await resolver_.async_resolve(where_.host, std::to_string(where_.port), runtime::as_result);
    auto& [failed, found] = resolved;
    if (failed) failure_ = "cannot resolve the host: " + failed.message();
    for (const auto& each : found) endpoints.emplace_back(each.endpoint());
    co_return endpoints;
}

runtime::task<void> connection::read_until_closed() {
    while (open_ && how_ == reading::on_demand) {
        const auto waited = co_await socket_.async_wait(socket::wait_read, runtime::as_result);
        const auto failed = std::get<0>(waited);
        if (open_ && failed) drop(failed.message());
        if (open_) read_now();
    }
    while (open_) {
        const auto read = co_await socket_.async_read_some(asio::buffer(input_), runtime::as_result);
        const auto& [failed, size] = read;
        if (!open_) co_return;
        if (failed) {
            drop(failed == asio::error::eof ? "closed by Redis" : failed.message());
            co_return;
        }
        const auto taken = user_.received(std::string_view{input_}.substr(0, size));
        if (!taken) drop("it sent what nobody had asked for, or what is not RESP2");
    }
}

void connection::read_now() {
    for (bool more = true; more && open_;) {
        error_code failed;
        const auto size = socket_.read_some(asio::buffer(input_), failed);
        if (failed == asio::error::would_block) break;
        if (failed) {
            drop(failed == asio::error::eof ? "closed by Redis" : failed.message());
            break;
        }
        more = size == input_.size();
        const auto taken = user_.received(std::string_view{input_}.substr(0, size));
        if (!taken) drop("it sent what nobody had asked for, or what is not RESP2");
    }
}

runtime::task<void> connection::pause() {
    // Between half and all of it, so that many nodes do not come back at once.
    std::uniform_int_distribution<std::int64_t> within{backoff_.count() / 2, backoff_.count()};
    pause_timer_.expires_after(std::chrono::milliseconds{within(jitter_)});
    backoff_ = std::min<std::chrono::milliseconds>(backoff_ * 2, limits::redis_backoff_max);
    co_await pause_timer_.async_wait(runtime::as_result);
}

runtime::task<void> connection::watch() {
    while (!stopping_) {
        const auto now = steady_clock::now();
        auto next = now + limits::redis_probe_interval;
        if (open_) next = std::min(next, user_.tick(now));
        if (connect_deadline_) {
            if (now >= *connect_deadline_) {
                error_code ignored;  // it was not connected: nothing can be lost
                socket_.close(ignored);
            } else {
                next = std::min(next, *connect_deadline_);
            }
        }
        watch_timer_.expires_at(next);
        co_await watch_timer_.async_wait(runtime::as_result);
    }
}

void connection::flush_soon() {
    if (!open_ || flush_posted_ || write_blocked_ || output_.empty()) return;
    flush_posted_ = true;
    asio::post(shard_, [this] {
        flush_posted_ = false;
        flush();
    });
}

void connection::flush() {
    while (open_ && !output_.empty()) {
        error_code failed;
        const auto sent = socket_.write_some(asio::buffer(output_.unsent()), failed);
        if (failed == asio::error::would_block) {
            write_blocked_ = true;
            socket_.async_wait(socket::wait_write, [this](error_code) {
                write_blocked_ = false;
                flush();
            });
            return;
        }
        if (failed) return drop(failed.message());
        output_.consume(sent);
    }
}

void connection::settled() {
    backoff_ = limits::redis_backoff_min;
    logged_failure_.clear();
    spdlog::info("redis {}: connected to {}", name_, where_.display());
}

void connection::drop(std::string reason) {
    if (!open_) return;
    open_ = false;
    failure_ = std::move(reason);
    error_code ignored;  // the connection is given up either way
    socket_.close(ignored);
}

bool connection::has_unread() const {
    error_code failed;
    return socket_.available(failed) > 0;
}

void connection::log_failure() {
    if (failure_ == logged_failure_) return;
    logged_failure_ = failure_;
    spdlog::warn("redis {}: no connection to {}: {}; trying again", name_, where_.display(), failure_);
}

}  // namespace stagedoor::redis
