// Looks after sockets while their shard hears of nothing: the subscriptions are gone or deaf, and what is behind them can
// still be read. Nobody tells then that a session has ended; so it is looked for, again and again, until all channels are
// confirmed once more and every socket is read anew (N1).
#pragma once

#include "common/runtime/task.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/hub/hub.hpp"

namespace stagedoor::notify {

class vigil {
public:
    // Both outlive this. The hub's members are push_sockets.
    vigil(hub& sockets, history& source) : sockets_{sockets}, source_{source} {}

    // Looks once at the session of every socket, and ends those whose session is over for certain. Gives up where Redis
    // does not answer.
    runtime::task<void> look();

private:
    hub& sockets_;
    history& source_;
};

}  // namespace stagedoor::notify
