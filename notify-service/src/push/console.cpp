#include "notify-service/src/push/console.hpp"

#include "notify-service/src/push/push_socket.hpp"

namespace stagedoor::notify {

console::console(push_socket& socket, push_context& shard, const std::optional<admin_place>& after)
    : watcher{after}, socket_{socket}, node_{shard} {
    node_.sockets.watch(*this);
    node_.counts.consoles.add(1);
}

console::~console() {
    node_.counts.consoles.add(-1);
    node_.sockets.unwatch(*this);
    if (holds_channel_) node_.subscriptions.release_admins();
}

runtime::task<result<void>> console::listen() {
    const auto acquired = co_await node_.subscriptions.acquire_admins();
    if (!acquired) co_return acquired;
    holds_channel_ = true;
    position_.on_confirmed();
    co_return acquired;
}

console::news console::take(const read_request& asked, const readout& read) {
    news taken;
    taken.from = position_.place();
    if (!asked.admins || !read.admins) return taken;
    const auto& found = *read.admins;
    taken.plan = position_.on_read(asked.admins->ticket, found.incarnation, found.numbers, found.full);
    if (!taken.plan || !taken.plan->welcome) return taken;
    const auto& greeting = *taken.plan->welcome;
    if (greeting.resumed) return taken;
    node_.counts.feed_restarts.add();
    taken.from.reset();
    if (greeting.at > 0) taken.from = admin_place{found.incarnation, greeting.at};
    return taken;
}

connection_frames::watching console::state_after(const news& taken) const noexcept {
    using enum connection_frames::watching;
    if (taken.plan && taken.plan->welcome) return taken.plan->welcome->resumed ? resumed : anew;
    return position_.is_welcomed() ? resumed : soon;
}

std::size_t console::add_events(std::vector<frame>& to, const news& taken, const readout& read, encoding how,
                                std::int64_t version) const {
    if (!taken.plan) return 0;
    const auto before = to.size();
    for (auto i = taken.plan->first; i < taken.plan->last; ++i) {
        const auto letter = parse_admin_letter(read.admins->letters[i]);
        if (!letter || subject_of(letter->frame) == socket_.who().user) continue;
        const auto at = make_console_cursor(socket_.who().user, version,
                                            admin_place{std::string{letter->incarnation}, letter->number});
        to.push_back(encode_event(how, with_cursor(letter->frame, at), at));
    }
    return to.size() - before;
}

void console::start_read() { socket_.start_read(); }

void console::write(const admin_letter& letter) { socket_.write_from_feed(letter); }

}  // namespace stagedoor::notify
