#include "notify-service/src/hub/hub.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>

#include "common/runtime/failpoint.hpp"

namespace stagedoor::notify {

void hub::join(member& socket) {
    audiences_[socket.who().user].sockets.push_back(socket);
    ++sockets_;
}

void hub::leave(member& socket) {
    const auto found = audiences_.find(socket.who().user);
    auto& listeners = found->second.sockets;
    listeners.erase(listeners.iterator_to(socket));
    --sockets_;
    if (listeners.empty()) audiences_.erase(found);
}

void hub::on_message(const user_id& user, std::string_view text) {
    const auto found = audiences_.find(user);
    if (found == audiences_.end()) return;
    if (is_control_message(text)) {
        const auto news = parse_control_message(text);
        if (news) return deliver(found->second, *news);
    } else {
        const auto news = parse_letter(text);
        if (news) return deliver(user, found->second, *news);
    }
    counts_.unreadable.add();
}

void hub::on_admin_message(std::string_view text) {
    if (watchers_.empty()) return;
    const auto news = parse_admin_letter(text);
    if (!news) return counts_.unreadable.add();
    counts_.feed_letters.add();
    for (auto& console : watchers_) {
        switch (console.position().on_letter(news->incarnation, news->number)) {
            case letter_action::ignore:
                break;
            case letter_action::read:
                counts_.holes.add();
                console.start_read();
                break;
            case letter_action::write:
                console.write(*news);
                break;
        }
    }
}

void hub::on_link_lost() {
    for (auto& console : watchers_) console.position().on_link_lost();
    for_each([](member& socket) {
        socket.position().on_link_lost();
        socket.on_link_lost();
    });
}

void hub::on_link_restored() {
    // Their sockets read for them.
    for (auto& console : watchers_) {
        if (console.holds_channel()) console.position().on_confirmed();
    }
    for_each([](member& socket) {
        // One that is not born has been confirmed since, by itself.
        if (!socket.holds_channel() || socket.position().state() != feed_state::born) return;
        socket.position().on_confirmed();
        socket.start_read();
    });
}

std::vector<head_question> hub::take_due(steady_time now, std::chrono::milliseconds interval, std::size_t at_most) {
    std::vector<head_question> due;
    for (auto& [user, listeners] : audiences_) {
        if (listeners.next_look == steady_time{}) {
            const auto place = id_hash<user_tag>{}(user) % static_cast<std::size_t>(interval.count());
            listeners.next_look = now + std::chrono::milliseconds{place};
        }
        if (now < listeners.next_look || due.size() >= at_most) continue;
        listeners.next_look = now + interval;
        std::optional<std::int64_t> written;
        for (const auto& socket : listeners.sockets) {
            // The others read, or will.
            if (socket.position().state() != feed_state::live) continue;
            written = std::min(written.value_or(socket.position().sent()), socket.position().sent());
        }
        if (written) due.push_back({user, *written});
    }
    return due;
}

std::size_t hub::read_if_behind(const user_id& user, std::int64_t version) {
    const auto found = audiences_.find(user);
    if (found == audiences_.end()) return 0;
    std::size_t behind = 0;
    for (auto& socket : found->second.sockets) {
        if (socket.position().sent() >= version || !socket.position().recheck()) continue;
        socket.start_read();
        ++behind;
    }
    return behind;
}

void hub::deliver(const user_id& user, audience& listeners, const letter& news) {
    counts_.letters.add();
    runtime::failpoint("heard");
    outgoing_event event{user, news.version, news.frame};
    std::uint64_t written = 0;
    for (auto& socket : listeners.sockets) {
        // A session that is not checked yet will be, by a snapshot that is not older than this letter: either the read
        // under way has it, or the feed reads once more for having heard it.
        const auto epoch = socket.epoch();
        if (epoch) {
            const auto over = check_letter(news, socket.who().session, *epoch);
            if (over) {
                socket.end(*over, news.version);
                continue;
            }
        }
        if (socket.watches()) {
            if (socket.position().on_notice(news.version) == letter_action::read) socket.start_read();
            continue;
        }
        switch (socket.position().on_letter(news.version)) {
            case letter_action::ignore:
                break;
            case letter_action::read:
                counts_.holes.add();
                socket.start_read();
                break;
            case letter_action::write:
                written += socket.write(event) ? 1 : 0;
                break;
        }
    }
    counts_.events_written.add(written);
    runtime::failpoint("written");
}

void hub::deliver(audience& listeners, const session_ended& news) {
    for (auto& socket : listeners.sockets) {
        if (socket.who().session == news.session) socket.end(refusal_for_end(news.reason), 0);
    }
}

}  // namespace stagedoor::notify
