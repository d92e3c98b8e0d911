#include "common/redis/link.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <charconv>
#include <optional>
#include <utility>

#include "common/core/limits.hpp"
#include "common/redis/lateness.hpp"

namespace stagedoor::redis {
namespace asio = runtime::asio;

using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

// A changed policy or role is seen within this time; INFO costs Redis about 0.1 ms. While the server is unfit it is asked
// with every probe instead: what has been set right is in use again within a second.
constexpr auto info_interval = std::chrono::seconds{5};
// Nodes whose clock is off by more are told to their operator (T5).
constexpr auto tolerated_offset = std::chrono::seconds{1};
// A broken permission fails every request: one line of log a second says it.
constexpr auto error_log_interval = std::chrono::seconds{1};
constexpr std::size_t error_log_bytes = 160;

std::optional<instant> parse_time(const value& reply) {
    const auto parts = reply.to_array();
    if (!parts || parts->size() != 2) return std::nullopt;
    std::int64_t numbers[2] = {};
    for (std::size_t i = 0; i < 2; ++i) {
        const auto text = (*parts)[i].to_text();
        if (!text) return std::nullopt;
        const auto* const end = text->data() + text->size();
        if (std::from_chars(text->data(), end, numbers[i]).ptr != end) return std::nullopt;
    }
    return from_unix_ms(numbers[0] * 1'000 + numbers[1] / 1'000);
}

std::string_view first_word(std::string_view text) { return text.substr(0, text.find(' ')); }

}  // namespace

link::link(runtime::executor shard, url where, std::string name)
    : connection_{shard, std::move(where), std::move(name), *this, pipeline_.output()} {}

void link::start(runtime::task_group& tasks) { connection_.start(tasks); }
void link::stop() { connection_.stop(); }

instant link::now() const { return clock_.at(steady_clock::now()); }

boost::system::result<void, std::string> link::health() const {
    if (!connected()) return "Redis at " + connection_.where().display() + " cannot be reached";
    return check_server(server_);
}

result<void> link::admits() const {
    if (!connected()) return errc::redis_unavailable;
    return pipeline_.admits();
}

runtime::task<result<value>> link::request_command(command what, deadline_time by) {
    const auto now = steady_clock::now();
    const auto admitted = admits(now, by);
    if (!admitted) co_return admitted.error();
    auto reply = co_await ask(std::move(what), now, by);
    co_return checked(std::move(reply));
}

runtime::task<result<value>> link::exchange(command what, deadline_time by) {
    const auto now = steady_clock::now();
    const auto admitted = admits(now, by);
    if (!admitted) co_return admitted.error();
    auto reply = co_await ask(std::move(what), now, by);
    co_return reply;
}

result<void> link::admits(time_point now, deadline_time by) const {
    const auto admitted = admits();
    if (!admitted) return admitted;
    if (now >= by) return errc::redis_unavailable;
    return {};
}

runtime::task<result<value>> link::ask(command what, time_point now, deadline_time by) {
    auto initiate = [this, now, by](auto handler, command next) {
        pipeline_.push_by(by, now, reply_handler{std::move(handler)}, next);
        connection_.flush_soon();
    };
    return asio::async_initiate<const asio::use_awaitable_t<runtime::executor>, void(result<value>)>(
        std::move(initiate), runtime::use_task, std::move(what));
}

runtime::task<std::vector<result<value>>> link::exchange_all(std::vector<command> commands) {
    std::vector<result<value>> replies(commands.size(), result<value>{errc::redis_unavailable});
    std::size_t missing = commands.size();
    callback<bool> all_there;
    for (std::size_t i = 0; i < commands.size(); ++i) {
        send(
            [&replies, &missing, &all_there, i](result<value> reply) {
                replies[i] = std::move(reply);
                if (--missing == 0 && all_there) all_there(true);
            },
            commands[i]);
    }
    if (missing > 0) {
        auto initiate = [&all_there](auto handler) { all_there = std::move(handler); };
        co_await asio::async_initiate<const asio::use_awaitable_t<runtime::executor>, void(bool)>(std::move(initiate),
                                                                                                  runtime::use_task);
    }
    co_return replies;
}

result<value> link::checked(result<value> reply) {
    if (!reply || !reply->is_error()) return reply;
    const auto text = reply->error_text();
    const auto now = steady_clock::now();
    if (now >= next_error_log_) {
        next_error_log_ = now + error_log_interval;
        // What follows "ERR unknown command" are arguments, which are nobody's business.
        const auto told = text.starts_with("ERR unknown") ? "ERR unknown command" : text.substr(0, error_log_bytes);
        spdlog::warn("redis {}: a request was refused: {}", connection_.name(), told);
    }
    return classify(text);
}

void link::opened() {
    pipeline_.fail_all(errc::redis_unavailable);  // nobody waits; what is half read is forgotten
    forgave_lateness_ = false;
    authenticate();
    ask_info();
    ask_time();
}

void link::authenticate() {
    const auto now = steady_clock::now();
    const auto& where = connection_.where();
    auto judge = [this](result<value> reply) {
        if (reply && reply->is_error()) refused("AUTH", *reply);
    };
    if (!where.user.empty()) {
        pipeline_.push(now, judge, "AUTH", where.user, where.password);
    } else if (!where.password.empty()) {
        pipeline_.push(now, judge, "AUTH", where.password);
    }
    // For people who read CLIENT LIST; whether it is permitted does not matter.
    pipeline_.push(
        now, [](result<value>) {}, "CLIENT", "SETNAME", "stagedoor-" + connection_.name());
}

void link::ask_info() {
    const auto now = steady_clock::now();
    next_info_ = now + info_interval;
    pipeline_.push(
        now, [this](result<value> reply) { take_info(reply); }, "INFO");
}

void link::ask_time() {
    const auto now = steady_clock::now();
    next_probe_ = now + limits::redis_probe_interval;
    pipeline_.push(
        now, [this, now](result<value> reply) { take_time(reply, now); }, "TIME");
}

void link::take_info(const result<value>& reply) {
    if (!reply) return;  // the connection has ended
    const auto text = reply->to_text();
    if (text) {
        server_ = parse_server_info(*text);
        if (server_.loading) return connection_.drop("Redis is still loading its data");
    } else if (first_word(reply->error_text()) == "NOPERM") {
        server_ = {};  // health() says so
    } else {
        return refused("INFO", *reply);
    }
    if (up_) report_health();
}

void link::take_time(const result<value>& reply, time_point asked) {
    if (!reply || !connection_.is_open()) return;
    const auto told = parse_time(*reply);
    if (!told) return refused("TIME", *reply);
    clock_.learn(*told, asked, steady_clock::now());
    report_offset(now() - system_now());
    if (!up_) greeted();
}

void link::greeted() {
    up_ = true;
    up_since_ = steady_clock::now();
    connection_.settled();
    report_health();
    for (const auto& each : up_observers_) each();
}

void link::refused(std::string_view command, const value& reply) {
    // Of the answer to AUTH only the code is told: some servers repeat the arguments of what they do not understand.
    const auto text =
        command == "AUTH" ? first_word(reply.error_text()) : reply.error_text().substr(0, error_log_bytes);
    connection_.drop("Redis refuses " + std::string{command} + ": " + std::string{text});
}

result<void> link::received(std::string_view bytes) { return pipeline_.feed(bytes); }

void link::closed() {
    const bool was_up = std::exchange(up_, false);
    if (was_up) {
        for (const auto& each : down_observers_) each();
    }
    pipeline_.fail_all(errc::redis_unavailable);
}

link::time_point link::tick(time_point now) {
    pipeline_.expire(now);
    const auto oldest = pipeline_.oldest();
    if (oldest && now - *oldest >= limits::redis_reply_time) {
        if (!forgave_lateness_ && connection_.has_unread()) {
            forgave_lateness_ = true;
            return now + unread_grace;
        }
        connection_.drop("no reply in time");
        return now + limits::redis_probe_interval;
    }
    forgave_lateness_ = false;
    if (up_ && now >= next_info_) ask_info();
    if (up_ && now >= next_probe_) ask_time();
    connection_.flush_soon();
    const auto due = up_ ? next_probe_ : now + limits::redis_probe_interval;
    return std::min({due, pipeline_.oldest().value_or(now) + limits::redis_reply_time, pipeline_.next_expiry()});
}

void link::report_health() {
    const auto healthy = check_server(server_);
    if (!healthy) next_info_ = next_probe_;
    const std::string reason = healthy ? std::string{} : healthy.error();
    if (reason == logged_health_) return;
    logged_health_ = reason;
    if (healthy) {
        spdlog::info("redis {}: the server is fit for use again", connection_.name());
    } else {
        spdlog::error("redis {}: not ready: {}", connection_.name(), reason);
    }
}

void link::report_offset(milliseconds offset) {
    const bool off = std::chrono::abs(offset) > tolerated_offset;
    if (off == warned_offset_) return;
    warned_offset_ = off;
    if (off) {
        spdlog::warn("redis {}: the clocks of Redis and this node differ by {} ms", connection_.name(), offset.count());
    } else {
        spdlog::info("redis {}: Redis' clock and this node's agree again", connection_.name());
    }
}

}  // namespace stagedoor::redis
