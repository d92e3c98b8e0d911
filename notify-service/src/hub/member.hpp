// A socket as the hub sees it: whose it is, where its feed stands, and what can be said to it.
#pragma once

#include <boost/intrusive/list_hook.hpp>
#include <cstdint>
#include <optional>

#include "common/session/session_policy.hpp"
#include "notify-service/src/hub/feed.hpp"
#include "notify-service/src/hub/frame.hpp"
#include "notify-service/src/session/session_check.hpp"

namespace stagedoor::notify {

// Called by the hub, on its shard. None of the calls may join or leave the hub before it returns.
class member : public boost::intrusive::list_base_hook<> {
public:
    member(const session::session_ref& who, feed position) : position_{position}, who_{who} {}
    member(const member&) = delete;
    member& operator=(const member&) = delete;

    const session::session_ref& who() const noexcept { return who_; }
    feed& position() noexcept { return position_; }
    const feed& position() const noexcept { return position_; }

    // Whether it holds its user's channel: what the hub calls restored is then confirmed for it.
    bool holds_channel() const noexcept { return holds_channel_; }
    // Whether it is a console, which follows the admins' stream as well (watcher.hpp): its own letters are read rather
    // than written as they come, with the facts that say whether its user may go on watching.
    bool watches() const noexcept { return watches_; }
    // The session's epoch; known once it was checked.
    std::optional<std::int64_t> epoch() const noexcept { return epoch_; }

    // position() has entered state reading: carry out its pending() read.
    virtual void start_read() = 0;
    // One event, the next one of its feed. Whether it is on its way: not into a queue that is full or closed.
    virtual bool write(outgoing_event& event) = 0;
    // The Redis link is lost; position() is born again.
    virtual void on_link_lost() = 0;
    // The session is over: nothing more is written. `change`: the version that has ended it; 0: no change of the user.
    virtual void end(const refusal& why, std::int64_t change) = 0;

protected:
    ~member() = default;

    feed position_;
    session::session_ref who_;
    std::optional<std::int64_t> epoch_;
    bool holds_channel_ = false;
    bool watches_ = false;
};

}  // namespace stagedoor::notify
