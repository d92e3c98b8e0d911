#include "common/redis/subscriber.hpp"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <charconv>
#include <utility>

#include "common/core/limits.hpp"
#include "common/redis/lateness.hpp"
#include "common/redis/published.hpp"

namespace stagedoor::redis {
namespace asio = runtime::asio;

using std::chrono::steady_clock;

namespace {

std::uint64_t parse_nonce(std::string_view text) {
    std::uint64_t nonce = 0;
    std::from_chars(text.data(), text.data() + text.size(), nonce);
    return nonce;
}

std::string_view text_of(const value& part) {
    const auto* const text = part.if_text();
    return text ? std::string_view{*text} : std::string_view{};
}

}  // namespace

subscriber::subscriber(runtime::executor shard, url where, link& data, std::string probe_channel, handlers to)
    : data_{data},
      probe_channel_{std::move(probe_channel)},
      to_{std::move(to)},
      connection_{shard, std::move(where), "subscriptions", *this, table_.output()} {
    table_.hold(probe_channel_);
}

void subscriber::start(runtime::task_group& tasks) { connection_.start(tasks); }
void subscriber::stop() { connection_.stop(); }

runtime::task<result<void>> subscriber::acquire(std::string channel) {
    if (!connection_.is_open()) co_return errc::redis_unavailable;
    if (table_.output().size() >= limits::redis_pending_bytes) co_return errc::overloaded;
    const bool confirmed = table_.hold(channel);
    if (confirmed) co_return result<void>{};

    connection_.flush_soon();
    auto initiate = [this](auto handler, std::string name) {
        table_.await(name, subscription_table::waiter{std::move(handler)});
    };
    auto outcome = co_await asio::async_initiate<const asio::use_awaitable_t<runtime::executor>, void(result<void>)>(
        std::move(initiate), runtime::use_task, std::move(channel));
    co_return outcome;
}

void subscriber::release(std::string_view channel) {
    table_.release(channel);
    connection_.flush_soon();
    announce_if_restored();
}

void subscriber::opened() {
    reader_ = {};
    opened_at_ = next_probe_ = steady_clock::now();
    forgave_lateness_ = false;
    const auto& where = connection_.where();
    auto& out = table_.output().tail();
    greetings_due_ = where.password.empty() ? 1 : 2;
    if (!where.user.empty()) {
        append_command(out, "AUTH", where.user, where.password);
    } else if (!where.password.empty()) {
        append_command(out, "AUTH", where.password);
    }
    append_command(out, "CLIENT", "SETNAME", "stagedoor-" + connection_.name());
    table_.connected(probe_channel_);
}

void subscriber::closed() {
    ++generation_;
    ping_.since.reset();
    published_.since.reset();
    table_.lost();
    const bool was_live = std::exchange(live_, false);
    if (was_live) to_.on_lost();
}

result<void> subscriber::received(std::string_view bytes) {
    const auto taken = take(bytes);
    heard_at_ = steady_clock::now();
    if (std::exchange(message_came_, false)) told_at_ = heard_at_;
    return taken;
}

// Messages come by the thousand, everything else is rare: whole ones are handed on where they lie, and the first bytes
// that are something else, or less than a message, go to the reader with all that follows.
result<void> subscriber::take(std::string_view bytes) {
    while (greetings_due_ == 0 && reader_.idle() && connection_.is_open()) {
        const auto message = take_published(bytes);
        if (!message) break;
        dispatch_message(message->channel, message->payload);
    }
    if (bytes.empty() || !connection_.is_open()) return {};
    reader_.feed(bytes);
    return dispatch_replies();
}

result<void> subscriber::dispatch_replies() {
    while (connection_.is_open()) {
        value reply;
        const auto whole = reader_.next(reply);
        if (!whole) return whole.error();
        if (!*whole) return {};
        const auto dispatched = dispatch(reply);
        if (!dispatched) return dispatched;
    }
    return {};
}

result<void> subscriber::dispatch(const value& reply) {
    if (greetings_due_ > 0) return take_greeting(reply);
    if (const auto* const parts = reply.if_array()) return dispatch_push(*parts);
    if (!reply.is_error()) return errc::redis_protocol;
    connection_.drop("Redis refuses a subscription: " + std::string{reply.error_text()});
    return {};
}

result<void> subscriber::take_greeting(const value& reply) {
    const bool to_auth = greetings_due_-- == 2;
    // Whether the name for CLIENT LIST is permitted does not matter.
    if (to_auth && reply.is_error()) {
        const auto text = reply.error_text();
        connection_.drop("Redis refuses AUTH: " + std::string{text.substr(0, text.find(' '))});
    }
    return {};
}

result<void> subscriber::dispatch_push(const value::array& parts) {
    if (parts.size() < 2) return errc::redis_protocol;
    const auto kind = text_of(parts[0]);
    const auto subject = text_of(parts[1]);
    if (kind == "message" && parts.size() == 3) {
        dispatch_message(subject, text_of(parts[2]));
        return {};
    }
    if (kind == "pong") {
        if (parse_nonce(subject) == ping_.nonce) ping_.since.reset();
        return {};
    }
    if (kind != "subscribe" && kind != "unsubscribe") return errc::redis_protocol;
    const auto confirmed = table_.confirmed(kind == "subscribe", subject);
    if (confirmed) announce_if_restored();
    return confirmed;
}

void subscriber::dispatch_message(std::string_view channel, std::string_view payload) {
    message_came_ = true;
    if (channel != probe_channel_) return to_.on_message(channel, payload);
    heard_ = std::max(heard_, parse_nonce(payload));
    if (heard_ >= published_.nonce) published_.since.reset();
}

void subscriber::announce_if_restored() {
    if (live_ || !connection_.is_open() || !table_.is_restored()) return;
    live_ = true;
    connection_.settled();
    to_.on_restored();
}

subscriber::time_point subscriber::tick(time_point now) {
    // Only a connection with a subscription answers PING by a push; until then the confirmation itself is waited for.
    const bool ready = table_.is_confirmed(probe_channel_);
    // A PONG says that the connection lives, not that messages come.
    const bool mute = ping_.late(now, heard_at_);
    const bool late = ready ? mute || published_.late(now, told_at_) : now - opened_at_ >= limits::redis_reply_time;
    if (late) {
        if (!forgave_lateness_ && connection_.has_unread()) {
            forgave_lateness_ = true;
            return now + unread_grace;
        }
        connection_.drop(ready && !mute ? "what is published does not arrive" : "no reply in time");
        return now + limits::redis_probe_interval;
    }
    forgave_lateness_ = false;
    if (ready && now >= next_probe_) {
        next_probe_ = now + limits::redis_probe_interval;
        if (!ping_.since) send_ping(now);
        publish_probe();
    }
    auto next = ready ? next_probe_ : opened_at_ + limits::redis_reply_time;
    if (ping_.since) next = std::min(next, ping_.late_at(heard_at_));
    if (published_.since) next = std::min(next, published_.late_at(told_at_));
    return std::min(next, now + limits::redis_probe_interval);
}

void subscriber::send_ping(time_point now) {
    ping_ = {next_nonce_++, now};
    append_command(table_.output().tail(), "PING", ping_.nonce);
    connection_.flush_soon();
}

void subscriber::publish_probe() {
    if (publishing_ || published_.since || !data_.connected()) return;
    const auto nonce = next_nonce_++;
    publishing_ = true;
    auto published = [this, nonce, life = generation_](result<value> reply) {
        publishing_ = false;
        const bool told = reply && reply->to_integer();
        if (told && life == generation_ && heard_ < nonce) published_ = {nonce, steady_clock::now()};
    };
    data_.send(std::move(published), "PUBLISH", probe_channel_, nonce);
}

subscriber::time_point subscriber::probe::late_at(time_point heard) const {
    return std::min(std::max(*since, heard) + limits::redis_reply_time, *since + limits::redis_backlog_time);
}

}  // namespace stagedoor::redis
