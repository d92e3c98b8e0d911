// Reads for sockets that are open already: after a hole, an idle timeout, or a loss of the Redis link, when all sockets
// of a shard read at once. At most `at_once` reads are under way, so that new sockets find room on the link beside
// them. Belongs to one shard.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "common/runtime/task.hpp"
#include "common/runtime/task_group.hpp"
#include "notify-service/src/hub/feed.hpp"
#include "notify-service/src/hub/history.hpp"
#include "notify-service/src/metrics.hpp"

namespace stagedoor::notify {

// Who reads.
class reader {
public:
    virtual session::session_ref whose() const = 0;
    // The read it waits for; nothing: none any more.
    virtual std::optional<read_request> wanted() const = 0;
    // `asked`: what was wanted when the read began.
    virtual void on_readout(const read_request& asked, readout found) = 0;
    // Redis has something else in the place of what was to be read.
    virtual void on_unreadable() = 0;

    bool is_queued = false;  // the queue's own note

protected:
    ~reader() = default;
};

class read_queue {
public:
    static constexpr std::size_t at_once = 64;  // keeps the link busy, and is little of limits::redis_pending_requests

    // All outlive this; `tasks` is joined before.
    read_queue(history& source, runtime::task_group& tasks, push_metrics& counts)
        : source_{source}, tasks_{tasks}, counts_{counts} {}
    read_queue(const read_queue&) = delete;
    read_queue& operator=(const read_queue&) = delete;

    // Carries out the read that `who` wants, again and again while Redis is away. Nobody waits twice.
    void add(std::shared_ptr<reader> who);

    // Ends reads that wait for Redis to come back.
    void stop() noexcept { stopping_ = true; }

    std::size_t waiting() const noexcept { return waiting_.size(); }

private:
    runtime::task<void> work();
    runtime::task<bool> read_for(std::shared_ptr<reader> who);

    history& source_;
    runtime::task_group& tasks_;
    push_metrics& counts_;
    std::deque<std::shared_ptr<reader>> waiting_;
    std::size_t workers_ = 0;
    bool stopping_ = false;
};

}  // namespace stagedoor::notify
