// What a node that only reads knows of the fence (R6): whether the data behind its link is whole, and since when. It has
// to be asked to look; the answer comes by the link's own thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "common/core/fence.hpp"
#include "common/core/redis_schema.hpp"
#include "common/redis/link.hpp"

namespace stagedoor::redis {

class fence_watch {
public:
    // `on_change`: the data is not whole any more, is whole, or is another life's: what was read before may not be there.
    fence_watch(link& data, const redis_schema& keys, std::function<void()> on_change)
        : data_{data}, key_{keys.fence()}, on_change_{std::move(on_change)} {}

    // Asks Redis, unless it has been asked.
    void look();
    // The fence as it was just read through the link, empty for none.
    void note(std::string_view text);

    // As of the last look. A link that is down says nothing about the data; one to another process means: not whole.
    bool whole() const noexcept {
        return whole_ && (!data_.connected() || whole_->run_id == data_.run_id());
    }
    // Whether the server process that the link reaches has been looked at.
    bool known() const noexcept { return !looked_at_.empty() && looked_at_ == data_.run_id(); }
    // Redis' time when this life of its data began; the beginning of time until that is known.
    instant since() const noexcept { return since_; }
    const std::string& key() const noexcept { return key_; }

private:
    link& data_;
    const std::string key_;
    std::function<void()> on_change_;
    std::optional<fence> whole_;
    instant since_{};
    std::string looked_at_;  // the run id of the server process
    bool asked_ = false;
};

}  // namespace stagedoor::redis
