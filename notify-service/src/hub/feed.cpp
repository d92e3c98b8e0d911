#include "notify-service/src/hub/feed.hpp"

#include <algorithm>

namespace stagedoor::notify {

stream_read feed::pending() const noexcept {
    if (at_head_) return {ticket_, std::nullopt};
    return {ticket_, sent_};
}

void feed::on_confirmed() noexcept {
    if (state_ == feed_state::born) begin_read(sent_ == unknown);
}

letter_action feed::on_letter(std::int64_t version) noexcept {
    if (state_ != feed_state::live) {
        heard_ = std::max(heard_, version);
        return letter_action::ignore;
    }
    if (version <= sent_) return letter_action::ignore;
    if (version == sent_ + 1) {
        sent_ = version;
        return letter_action::write;
    }
    begin_read(false);
    return letter_action::read;
}

letter_action feed::on_notice(std::int64_t version) noexcept {
    if (state_ != feed_state::live) {
        heard_ = std::max(heard_, version);
        return letter_action::ignore;
    }
    if (version <= sent_) return letter_action::ignore;
    begin_read(false);
    return letter_action::read;
}

bool feed::recheck() noexcept {
    if (state_ != feed_state::live) return false;
    begin_read(false);
    return true;
}

std::optional<replay> feed::on_read(std::uint32_t ticket, std::span<const std::int64_t> versions, bool full) noexcept {
    if (state_ != feed_state::reading || ticket != ticket_) return std::nullopt;
    if (at_head_) return on_head(versions);

    // The read includes `sent` itself, so that an answer without it and its successor says that the position is lost:
    // trimmed away, past the last entry, or the stream is gone. A hole between entries is the same.
    replay plan;
    plan.first = !versions.empty() && versions.front() == sent_ ? 1 : 0;
    plan.last = plan.first;
    auto next = sent_ + 1;
    while (plan.last < versions.size() && versions[plan.last] == next) ++plan.last, ++next;
    const bool nowhere = versions.empty() && sent_ > 0;  // a history that has not begun is no lost position
    if (nowhere || plan.last < versions.size()) {
        // Nothing of it is written: the fresh welcome says that what lies between is not told.
        begin_read(true);
        replay lost;
        lost.read_again = true;
        return lost;
    }
    if (!greeted_) plan.welcome = replay::greeting{true, sent_};
    sent_ = next - 1;
    return settle(plan, full);
}

// The position becomes the stream's end. The fence is asked here once there is one (R6): a bad one is a lost link.
replay feed::on_head(std::span<const std::int64_t> versions) noexcept {
    sent_ = versions.empty() ? 0 : versions.back();
    replay plan;
    plan.welcome = replay::greeting{false, sent_};
    return settle(plan, false);
}

// A letter heard before a read began was in the stream by then; one heard since may not be.
replay feed::settle(replay plan, bool behind) noexcept {
    greeted_ = true;
    plan.read_again = behind || heard_ > sent_;
    if (plan.read_again) {
        begin_read(false);
    } else {
        state_ = feed_state::live;
    }
    return plan;
}

void feed::on_link_lost() noexcept {
    state_ = feed_state::born;
    greeted_ = false;
}

void feed::begin_read(bool at_head) noexcept {
    state_ = feed_state::reading;
    at_head_ = at_head;
    heard_ = 0;
    ++ticket_;
}

}  // namespace stagedoor::notify
