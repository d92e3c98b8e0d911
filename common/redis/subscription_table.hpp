// Which channels are held, by how many, and what Redis has confirmed of it. Pure: knows no socket.
//
// Redis confirms each SUBSCRIBE and UNSUBSCRIBE in the order sent. So a channel is confirmed when its last command was
// SUBSCRIBE and as many confirmations as commands have come; one that belongs to an earlier SUBSCRIBE confirms nothing.
//
//   held  last command   unanswered   meaning
//   > 0   SUBSCRIBE      > 0          waiting: not yet to be relied on
//   > 0   SUBSCRIBE      0            confirmed: every message from now on will come
//   0     UNSUBSCRIBE    > 0          being given up; forgotten at 0
//   > 0   (none)         0            held while there is no connection
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/core/errc.hpp"
#include "common/redis/callback.hpp"
#include "common/redis/output_buffer.hpp"

namespace stagedoor::redis {

class subscription_table {
public:
    using waiter = callback<result<void>>;

    // Takes a reference to `channel`. True: it is confirmed. False: it is not yet; call await() or look again later.
    bool hold(std::string_view channel);

    // `done` hears when `channel`, held and not yet confirmed, is confirmed; or of the loss of the connection, and then
    // the reference is gone.
    void await(std::string_view channel, waiter done);

    // Gives a reference back. The last one unsubscribes.
    void release(std::string_view channel);

    // A new connection: subscribes to all that is held, `first` before the others.
    void connected(std::string_view first);

    // The connection is lost: what was confirmed is held on, whoever waits is told errc::redis_unavailable.
    void lost();

    // A confirmation. errc::redis_protocol when none of this kind was due, for example because somebody else has
    // unsubscribed this client. Waiters may do anything to the table.
    result<void> confirmed(bool subscribe, std::string_view channel);

    bool is_confirmed(std::string_view channel) const;
    // All that was held at connected() is confirmed or was given up.
    bool is_restored() const noexcept { return connected_ && restoring_ == 0; }
    std::size_t size() const noexcept { return channels_.size(); }

    output_buffer& output() noexcept { return output_; }

private:
    struct channel_state {
        std::uint32_t held = 0;
        std::uint32_t unanswered = 0;
        bool subscribed = false;  // the last command was SUBSCRIBE
        bool restoring = false;   // was held at connected(), not yet confirmed since
        std::vector<waiter> waiters;

        bool is_confirmed() const noexcept { return subscribed && unanswered == 0; }
    };
    struct text_hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };
    using channel_map = std::unordered_map<std::string, channel_state, text_hash, std::equal_to<>>;

    void subscribe(channel_map::value_type& channel);
    void restore(channel_map::value_type& channel);
    void restored(channel_state& state);

    channel_map channels_;
    output_buffer output_;
    std::size_t restoring_ = 0;
    bool connected_ = false;
};

}  // namespace stagedoor::redis
