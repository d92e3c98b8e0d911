#include "notify-service/src/hub/hub.hpp"

#include <cstdint>

#include "common/runtime/failpoint.hpp"

namespace stagedoor::notify {

void hub::join(member& socket) {
    audiences_[socket.who().user].push_back(socket);
    ++sockets_;
}

void hub::leave(member& socket) {
    const auto found = audiences_.find(socket.who().user);
    auto& listeners = found->second;
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

void hub::on_link_lost() {
    for_each([](member& socket) {
        socket.position().on_link_lost();
        socket.on_link_lost();
    });
}

void hub::on_link_restored() {
    for_each([](member& socket) {
        // One that is not born has been confirmed since, by itself.
        if (!socket.holds_channel() || socket.position().state() != feed_state::born) return;
        socket.position().on_confirmed();
        socket.start_read();
    });
}

void hub::deliver(const user_id& user, audience& listeners, const letter& news) {
    counts_.letters.add();
    runtime::failpoint("heard");
    outgoing_event event{user, news.version, news.frame};
    std::uint64_t written = 0;
    for (auto& socket : listeners) {
        // A session that is not checked yet will be, by a snapshot that is not older than this letter: either the read
        // under way has it, or the feed reads once more for having heard it.
        const auto epoch = socket.epoch();
        if (epoch) {
            const auto over = check_letter(news, socket.who().session, *epoch);
            if (over) {
                socket.end(*over);
                continue;
            }
        }
        switch (socket.position().on_letter(news.version)) {
            case letter_action::ignore:
                break;
            case letter_action::read:
                counts_.holes.add();
                socket.start_read();
                break;
            case letter_action::write:
                ++written;
                socket.write(event);
                break;
        }
    }
    counts_.events_written.add(written);
    runtime::failpoint("written");
}

void hub::deliver(audience& listeners, const session_ended& news) {
    for (auto& socket : listeners) {
        if (socket.who().session == news.session) socket.end(refusal_for_end(news.reason));
    }
}

}  // namespace stagedoor::notify
