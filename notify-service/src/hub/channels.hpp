// Port: the users' channels, as one shard listens to them. What they say comes to the hub.
#pragma once

#include "common/core/errc.hpp"
#include "common/core/uuid.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::notify {

class channels {
public:
    // Returns when the user's channel is confirmed: each message published from now on comes, until the link is lost.
    // Each success is given back by one release(). errc::redis_unavailable, overloaded.
    virtual runtime::task<result<void>> acquire(user_id user) = 0;
    virtual void release(const user_id& user) = 0;

    // The same for the channel of admins' consoles.
    virtual runtime::task<result<void>> acquire_admins() = 0;
    virtual void release_admins() = 0;

protected:
    ~channels() = default;
};

}  // namespace stagedoor::notify
