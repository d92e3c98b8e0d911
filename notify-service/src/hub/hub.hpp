// The sockets of one shard by user: what a user's channel says is handed to the user's sockets, judged first by whether
// their sessions still live (K7). Belongs to its shard's thread.
#pragma once

#include <boost/intrusive/list.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/core/event.hpp"
#include "common/core/uuid.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/hub/member.hpp"
#include "notify-service/src/hub/pulse.hpp"
#include "notify-service/src/hub/watcher.hpp"
#include "notify-service/src/metrics.hpp"

namespace stagedoor::notify {

class hub {
public:
    // `counts` outlives this.
    explicit hub(push_metrics& counts) : counts_{counts} {}
    hub(const hub&) = delete;
    hub& operator=(const hub&) = delete;

    // From now on the socket hears what concerns it; so before its channel is acquired (N1). It stays at its place
    // until leave().
    void join(member& socket);
    void leave(member& socket);

    // The same for a console's place in the admins' stream.
    void watch(watcher& console) { watchers_.push_back(console); }
    void unwatch(watcher& console) { watchers_.erase(watchers_.iterator_to(console)); }

    // A letter or a control message on the user's channel.
    void on_message(const user_id& user, std::string_view text);
    // A letter on the admins' channel.
    void on_admin_message(std::string_view text);
    // Letters may be missed from now on.
    void on_link_lost();
    // Every channel that is held is confirmed again.
    void on_link_restored();

    // Users whose turn it is to be compared with their stream (N4), and until where their live sockets have been written
    // to; at most so many, and each once in an interval. Their turns are spread over it.
    std::vector<head_question> take_due(steady_time now, std::chrono::milliseconds interval, std::size_t at_most);
    // Makes those live sockets of the user read that have not come to this version; how many.
    std::size_t read_if_behind(const user_id& user, std::int64_t version);

    std::size_t users() const noexcept { return audiences_.size(); }
    std::size_t sockets() const noexcept { return sockets_; }

    // `visit` is called with each socket, and may not join or leave any.
    template <class Visit>
    void for_each(Visit visit) {
        for (auto& [user, listeners] : audiences_) {
            for (auto& socket : listeners.sockets) visit(socket);
        }
    }

private:
    struct audience {
        boost::intrusive::list<member, boost::intrusive::constant_time_size<false>> sockets;
        steady_time next_look{};  // not set yet: as soon as the first socket is seen
    };

    void deliver(const user_id& user, audience& listeners, const letter& news);
    void deliver(audience& listeners, const session_ended& news);

    std::unordered_map<user_id, audience, id_hash<user_tag>> audiences_;
    boost::intrusive::list<watcher, boost::intrusive::constant_time_size<false>> watchers_;
    std::size_t sockets_ = 0;
    push_metrics& counts_;
};

}  // namespace stagedoor::notify
