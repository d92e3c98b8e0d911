#include "common/redis/tracker.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::redis {

using std::chrono::steady_clock;

namespace {

constexpr std::string_view invalidation_channel = "__redis__:invalidate";

// So much read at once means that more may wait in Redis for room in the socket. A quarter of what the smallest default
// buffers take (a unix socket holds about 40 kB of messages of this size).
constexpr std::size_t brimful_bytes = 16 * 1024;

constexpr std::size_t error_log_bytes = 160;

std::string_view text_of(const value& part) {
    const auto* const text = part.if_text();
    return text ? std::string_view{*text} : std::string_view{};
}

}  // namespace

tracker::tracker(runtime::executor shard, url where, link& data, handlers to)
    : data_{data},
      to_{std::move(to)},
      connection_{shard, std::move(where), "invalidations", *this, output_, connection::reading::on_demand} {
    data_.on_up([this] {
        state_.data_opened(data_.run_id());
        arm();
    });
    data_.on_down([this] {
        state_.data_closed();
        note_lease(steady_clock::now());
        to_.on_lost();
    });
}

void tracker::start(runtime::task_group& tasks) { connection_.start(tasks); }

bool tracker::answers(time_point now) {
    const auto may = [&] { return state_.answers(now, data_.answered()) && keeps(); };
    return answers_when_caught_up(may, [this] {
        had_lease_ = true;
        if (!*caught_up_) catch_up();
    });
}

// What was readable before a request came has been heard of before it is answered. A request whose first byte came
// later belongs to a later turn: bytes are read in the turn that found them.
void tracker::catch_up() {
    *caught_up_ = true;
    runtime::asio::post(connection_.shard(), [flag = caught_up_] { *flag = false; });
    connection_.read_now();
}

void tracker::opened() {
    reader_ = {};
    output_.clear();
    opened_at_ = steady_clock::now();
    const auto& where = connection_.where();
    auto& out = output_.tail();
    due_ = where.password.empty() ? greeting::name : greeting::auth;
    if (!where.user.empty()) {
        append_command(out, "AUTH", where.user, where.password);
    } else if (!where.password.empty()) {
        append_command(out, "AUTH", where.password);
    }
    append_command(out, "CLIENT", "SETNAME", "stagedoor-" + connection_.name());
    append_command(out, "INFO", "server");
    append_command(out, "CLIENT", "ID");  // a subscriber may not ask for it
    append_command(out, "SUBSCRIBE", invalidation_channel);
}

void tracker::closed() {
    state_.listener_closed();
    note_lease(steady_clock::now());
    to_.on_lost();
}

result<void> tracker::received(std::string_view bytes) {
    reader_.feed(bytes);
    while (connection_.is_open()) {
        value reply;
        const auto whole = reader_.next(reply);
        if (!whole) return whole.error();
        if (!*whole) break;
        const auto dispatched = dispatch(reply);
        if (!dispatched) return dispatched;
    }
    if (bytes.size() >= brimful_bytes) {
        state_.doubt();
        note_lease(steady_clock::now());
    }
    return {};
}

result<void> tracker::dispatch(const value& reply) {
    if (due_ != greeting::done && due_ != greeting::subscription) return take_greeting(reply);
    if (const auto* const parts = reply.if_array()) return take_push(*parts);
    if (!reply.is_error()) return errc::redis_protocol;
    connection_.drop("Redis refuses to tell of changes: " + std::string{reply.error_text()});
    return {};
}

result<void> tracker::take_greeting(const value& reply) {
    const auto answered = std::exchange(due_, static_cast<greeting>(static_cast<int>(due_) + 1));
    if (answered == greeting::name) return {};  // whether it is permitted does not matter
    if (reply.is_error()) {
        const auto text = reply.error_text();
        connection_.drop("Redis refuses: " + std::string{text.substr(0, text.find(' '))});
        return {};
    }
    if (answered == greeting::info) run_id_ = parse_server_info(text_of(reply)).run_id;
    if (answered == greeting::id) {
        const auto id = reply.to_integer();
        if (!id) return id.error();
        client_id_ = *id;
    }
    return {};
}

result<void> tracker::take_push(const value::array& parts) {
    if (parts.size() < 2) return errc::redis_protocol;
    const auto kind = text_of(parts[0]);
    if (kind == "message" && parts.size() == 3) {
        take_change(parts[2]);
        return {};
    }
    if (kind == "pong") {
        std::uint64_t nonce = 0;
        const auto text = text_of(parts[1]);
        std::from_chars(text.data(), text.data() + text.size(), nonce);
        state_.pong(nonce);
        return {};
    }
    if (kind != "subscribe" || due_ != greeting::subscription) return errc::redis_protocol;
    due_ = greeting::done;
    subscribed();
    return {};
}

// An array of keys; nil after FLUSHALL.
void tracker::take_change(const value& keys) {
    const auto* const items = keys.if_array();
    if (!items) {
        counters_.invalidations.fetch_add(1, std::memory_order_relaxed);
        return to_.on_lost();
    }
    counters_.invalidations.fetch_add(items->size(), std::memory_order_relaxed);
    for (const auto& key : *items) to_.on_changed(text_of(key));
}

void tracker::subscribed() {
    connection_.settled();
    state_.listener_opened(client_id_, run_id_);
    ping(steady_clock::now());
    arm();
}

void tracker::arm() {
    const auto now_due = state_.begin_arming();
    if (!now_due) return;
    if (now_due->again) data_.send([](result<value>) {}, "CLIENT", "TRACKING", "OFF");
    auto take = [this, attempt = now_due->attempt](result<value> reply) { take_arming(attempt, reply); };
    data_.send(std::move(take), "CLIENT", "TRACKING", "ON", "REDIRECT", now_due->listener);
}

void tracker::take_arming(std::uint64_t attempt, const result<value>& reply) {
    if (!reply) {
        state_.unanswered(attempt);
        return to_.on_lost();
    }
    const bool wanted = state_.answered(attempt, !reply->is_error());
    if (wanted) return;
    to_.on_lost();
    if (std::exchange(refusal_logged_, true)) return;
    spdlog::warn("redis {}: nothing is cached, for Redis refuses CLIENT TRACKING: {}", connection_.name(),
                 reply->error_text().substr(0, error_log_bytes));
}

tracker::time_point tracker::tick(time_point now) {
    note_lease(now);
    if (due_ != greeting::done) {
        const auto late = opened_at_ + limits::redis_reply_time;
        if (now >= late) connection_.drop("no reply in time");
        return late;
    }
    arm();  // in case that there was no room for it
    if (state_.awaits_pong() && now >= ping_due_) {
        connection_.read_now();  // perhaps it is we who are late
        if (state_.awaits_pong()) connection_.drop("no reply in time");
    }
    if (!state_.awaits_pong() && now >= next_ping_) ping(now);
    return now + limits::cache_ping_interval;
}

void tracker::ping(time_point now) {
    next_ping_ = now + limits::cache_ping_interval;
    ping_due_ = now + limits::redis_reply_time;
    append_command(output_.tail(), "PING", state_.ping_sent(now));
    connection_.flush_soon();
}

void tracker::note_lease(time_point now) {
    const bool has = state_.answers(now, data_.answered());
    if (std::exchange(had_lease_, has) && !has) counters_.lease_losses.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace stagedoor::redis
