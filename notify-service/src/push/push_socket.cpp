#include "notify-service/src/push/push_socket.hpp"

#include <utility>

#include "common/core/admin_event.hpp"
#include "common/core/secrets.hpp"
#include "common/obs/log.hpp"
#include "common/runtime/failpoint.hpp"

namespace stagedoor::notify {
namespace {

using std::chrono::steady_clock;

// How long a peer has to take in what is queued when its session is not the reason for the close. Our browser library
// waits 2 s for a close that was announced.
constexpr auto flush_time = std::chrono::milliseconds{1500};
// A slow reader that reads on meanwhile hears why, and has less to catch up.
constexpr auto slow_flush_time = std::chrono::milliseconds{5000};

constexpr refusal unavailable(errc why) noexcept { return {close_code::try_again_later, why}; }

}  // namespace

push_socket::push_socket(push_context& shard, encoding how, const session::session_ref& who, feed position)
    : member{who, position},
      node_{shard},
      counts_{counts_of(shard, how)},
      receipt_{shard.receipts, who_.user,
               how == encoding::websocket ? receipt_line::kind::acknowledges : receipt_line::kind::listens},
      encoding_{how} {
    node_.sockets.join(*this);
}

push_socket::~push_socket() {
    node_.sockets.leave(*this);
    if (holds_channel_) node_.subscriptions.release(who_.user);
}

runtime::task<std::optional<refusal>> push_socket::join(credential presented, std::string cursor) {
    const auto acquired = co_await node_.subscriptions.acquire(who_.user);
    if (!acquired) co_return unavailable(to_errc(acquired.error()));
    holds_channel_ = true;
    position_.on_confirmed();
    const auto refused = co_await read_first(presented);
    if (refused || !may_watch(findings_->facts)) co_return refused;

    // An admin's: once more, with the admins' stream, behind the confirmation of that channel too.
    console_ = std::make_unique<console>(*this, node_, parse_admin_place(cursor));
    watches_ = true;
    const auto listening = co_await console_->listen();
    if (!listening) co_return unavailable(to_errc(listening.error()));
    const auto refused_now = co_await read_first(presented);
    co_return refused_now;
}

runtime::task<std::optional<refusal>> push_socket::read_first(credential presented) {
    const auto wanted = pending();
    node_.counts.reads.add();
    auto read = co_await node_.source.read(who_, wanted);
    if (!read) {
        node_.counts.failed_reads.add();
        co_return unavailable(to_errc(read.error()));
    }
    auto granted = check_request(presented, read->stored(), node_.at(), node_.settings.timeouts);
    if (!granted) co_return granted.error();
    if (ended_early_) co_return ended_early_->why;
    if (position_.state() != feed_state::reading || position_.pending().ticket != wanted.own.ticket) {
        co_return unavailable(errc::redis_unavailable);  // the link was lost meanwhile
    }
    take_times(*granted);
    findings_ = std::make_unique<findings>(findings{wanted, *std::move(read), std::move(granted->facts)});
    co_return std::nullopt;
}

void push_socket::opened(socket_quota::place place) {
    self_ = shared_from_this();
    place_.emplace(std::move(place));
    phase_ = phase::open;
    counts_.sockets.add(1);
    pulse_.start(steady_clock::now() + draw_first_beat(node_));

    if (ended_early_) return end(ended_early_->why, ended_early_->change);
    if (node_.draining) return close(close_code::draining, errc::shutting_down);
    const auto found = std::move(findings_);
    const bool told = tell(found->asked, found->read, found->facts);
    if (told) return;
    // The link was lost between the read and the answer; what it missed then is made up for now.
    if (position_.state() == feed_state::reading) return start_read();
    on_link_lost();
}

void push_socket::tick(steady_time now, instant wall_time) {
    if (phase_ != phase::open) return;
    if (wall_time >= expires_at_) return end({close_code::session_over, errc::session_expired_absolute}, 0);
    if (wall_time >= idle_at_ && position_.recheck()) start_read();

    switch (pulse_.tick(now, node_.settings.heartbeat)) {
        case pulse::beat::none:
            break;
        case pulse::beat::missing:
            // A node that is behind with reading has itself to blame.
            if (!has_unread()) close(close_code::no_pong);
            break;
        case pulse::beat::due: {
            const auto beat = encode(encoding_, node_.frames.make_heartbeat(cursor(), wall_time));
            send({&beat, 1});
            const bool asked = ask_for_life();
            if (!asked) pulse_.pong();
            // Consoles are few: whatever a letter has missed is made up for, and who may watch is asked again (N4, N5).
            if (console_) start_read();
            break;
        }
    }
}

void push_socket::close(close_code code, std::optional<errc> cause) {
    if (phase_ != phase::open) return;
    phase_ = phase::over;
    counts_.closed(code).add();
    put_last(code, make_farewell(node_, encoding_, code, cause), ws::socket::queue::flush,
             code == close_code::slow_reader ? slow_flush_time : flush_time);
}

void push_socket::start_read() {
    // A console reads all it follows at once.
    if (console_) {
        position_.recheck();
        console_->position().recheck();
    }
    // While joining, join() sees for itself that its read is not the newest any more.
    if (phase_ == phase::open) node_.reads.add(shared_from_this());
}

void push_socket::on_link_lost() {
    const auto& warning = frame_in(node_.degraded, encoding_);
    if (warning) send({&warning, 1});
}

void push_socket::end(const refusal& why, std::int64_t change) {
    if (phase_ == phase::joining) {
        if (!ended_early_) ended_early_ = ending{why, change};
        return;
    }
    // Also behind a close that would still flush: nothing that is queued goes out after the session's end (N7).
    const bool first = std::exchange(phase_, phase::over) == phase::open;
    if (first) counts_.closed(why.code).add();
    if (first && change != 0) receipt_.ended(change);
    put_last(why.code, first ? make_farewell(node_, encoding_, why.code, why.why) : frame{}, ws::socket::queue::drop,
             limits::ws_close_time);
}

std::optional<read_request> push_socket::wanted() const {
    if (phase_ != phase::open || position_.state() != feed_state::reading) return std::nullopt;
    return pending();
}

read_request push_socket::pending() const {
    read_request all{position_.pending(), std::nullopt};
    if (console_ && console_->position().state() == feed_state::reading) all.admins = console_->position().pending();
    return all;
}

void push_socket::on_readout(const read_request& asked, readout found) {
    const auto still = wanted();
    if (!still || still->own.ticket != asked.own.ticket) return;
    runtime::failpoint("read");
    const auto granted = check_again(who_, found.stored(), node_.at(), node_.settings.timeouts);
    if (!granted) {
        const auto refused = granted.error();
        if (refused.code == close_code::session_unclear) return close(refused.code, refused.why);
        return end(refused, epoch_ ? change_that_ended(found.letters, who_.session, *epoch_) : 0);
    }
    take_times(*granted);
    // No admin any more, or not an active one: what the session may have is another connection.
    if (console_ && !may_watch(granted->facts)) return close(close_code::session_unclear, errc::forbidden);
    tell(asked, found, granted->facts);
}

void push_socket::on_session(const readout& found) {
    if (phase_ != phase::open) return;
    const auto granted = check_again(who_, found.stored(), node_.at(), node_.settings.timeouts);
    if (!granted && granted.error().code != close_code::session_unclear) end(granted.error(), 0);
}

void push_socket::on_unreadable() { close(close_code::try_again_later, errc::redis_protocol); }

void push_socket::take_times(const admission& granted) {
    epoch_ = granted.epoch;
    expires_at_ = granted.expires_at;
    idle_at_ = granted.idle_at;
}

bool push_socket::tell(const read_request& asked, const readout& read, const user_facts& facts) {
    const auto plan = position_.on_read(asked.own.ticket, read.versions, read.full);
    if (!plan) return false;
    if (plan->welcome && phase_ == phase::open) receipt_.begin(plan->welcome->at);
    console::news feed;
    if (console_) feed = console_->take(asked, read);
    std::vector<frame> frames;
    if (plan->welcome || (feed.plan && feed.plan->welcome)) add_welcome(frames, *plan, feed, facts);
    const auto replayed = add_events(frames, *plan, read, feed);
    const auto of_others = console_ ? console_->add_events(frames, feed, read, encoding_, position_.sent()) : 0;
    if (send(frames)) {
        receipt_.wrote(position_.sent());
        node_.counts.replayed.add(replayed);
        node_.counts.events_written.add(replayed);
        node_.counts.feed_events_written.add(of_others);
    }
    const bool feed_reads_on = console_ && console_->position().state() == feed_state::reading;
    if (plan->read_again || feed_reads_on) start_read();
    return true;
}

void push_socket::add_welcome(std::vector<frame>& to, const replay& own, const console::news& feed,
                              const user_facts& facts) {
    const bool resumed = !own.welcome || own.welcome->resumed;
    (resumed ? node_.counts.resumes : node_.counts.restarts).add();
    const auto entries = static_cast<std::int64_t>(own.last - own.first);
    const auto at = make_console_cursor(who_.user, position_.sent() - entries, feed.from);
    const auto watching = console_ ? console_->state_after(feed) : connection_frames::watching::nothing;
    const connection_frames::welcome greeting{facts, at, resumed, watching, node_.settings.heartbeat};
    to.push_back(encode(encoding_, node_.frames.make(greeting, node_.now())));
}

std::size_t push_socket::add_events(std::vector<frame>& to, const replay& own, const readout& read,
                                    const console::news& feed) {
    const auto before = to.size();
    for (auto i = own.first; i < own.last; ++i) {
        const auto news = parse_letter(read.letters[i]);
        if (!news) {
            node_.counts.unreadable.add();
            continue;
        }
        if (console_) {
            const auto at = make_console_cursor(who_.user, news->version, feed.from);
            to.push_back(encode_event(encoding_, with_cursor(news->frame, at), at));
        } else {
            outgoing_event event{who_.user, news->version, news->frame};
            to.push_back(event.as(encoding_));
        }
    }
    return to.size() - before;
}

void push_socket::write_from_feed(const admin_letter& news) {
    if (subject_of(news.frame) == who_.user) return;  // its own stream has it
    const auto at = cursor();
    const auto event = encode_event(encoding_, with_cursor(news.frame, at), at);
    if (send({&event, 1})) node_.counts.feed_events_written.add();
}

std::string push_socket::cursor() const {
    const auto in_feed = console_ ? console_->position().place() : std::nullopt;
    return make_console_cursor(who_.user, position_.sent(), in_feed);
}

bool push_socket::send(std::span<const frame> what) {
    if (what.empty() || phase_ != phase::open) return false;
    return was_taken(put(what));
}

bool push_socket::on_put(ws::sent outcome) {
    if (!was_taken(outcome)) return false;
    receipt_.wrote(position_.sent());
    return true;
}

bool push_socket::was_taken(ws::sent outcome) {
    switch (outcome) {
        case ws::sent::written:
        case ws::sent::queued:
            return true;
        case ws::sent::overflow:
            close(close_code::slow_reader);
            return false;
        case ws::sent::closed:
            return false;  // closed() comes
    }
    return false;
}

void push_socket::on_acknowledged(std::int64_t version) {
    node_.counts.acknowledgements.add();
    receipt_.acknowledged(version);
}

void push_socket::closed(const ws::close_summary& how) {
    counts_.sockets.add(-1);
    if (phase_ == phase::open) (how.by_peer ? counts_.closed_by_peer : counts_.closed_by_protocol).add();
    phase_ = phase::over;
    receipt_.close();
    obs::log::info(
        "socket_closed",
        {{"user", who_.user.text()}, {"session", session_hash(who_.session)}, {"code", how.code}, {"by_peer", how.by_peer}});
    // The last owner but for a read that is under way.
    const auto self = std::move(self_);
}

}  // namespace stagedoor::notify
