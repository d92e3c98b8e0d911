// A console as the hub sees it: what follows the admins' stream, beside a socket's own user.
#pragma once

#include <boost/intrusive/list_hook.hpp>

#include "common/core/admin_event.hpp"
#include "notify-service/src/hub/admin_feed.hpp"

namespace stagedoor::notify {

// Called by the hub, on its shard, as a member is.
class watcher : public boost::intrusive::list_base_hook<> {
public:
    explicit watcher(const std::optional<admin_place>& after) : position_{after} {}
    watcher(const watcher&) = delete;
    watcher& operator=(const watcher&) = delete;

    admin_feed& position() noexcept { return position_; }
    const admin_feed& position() const noexcept { return position_; }
    bool holds_channel() const noexcept { return holds_channel_; }

    // position() has entered state reading: carry out its pending() read.
    virtual void start_read() = 0;
    // The next letter of its feed.
    virtual void write(const admin_letter& news) = 0;

protected:
    ~watcher() = default;

    admin_feed position_;
    bool holds_channel_ = false;
};

}  // namespace stagedoor::notify
