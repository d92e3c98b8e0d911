#include "common/redis/pipeline.hpp"

#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::redis {
namespace {

// hiredis moves what is left of its buffer to the front after every kilobyte of replies: small slices keep that cheap.
constexpr std::size_t slice_bytes = 16 * 1024;
static_assert(slice_bytes <= limits::redis_read_chunk);

}  // namespace

result<void> pipeline::admits() const {
    if (pending_.size() >= limits::redis_pending_requests) return errc::overloaded;
    if (output_.size() >= limits::redis_pending_bytes) return errc::overloaded;
    return {};
}

result<void> pipeline::feed(std::string_view bytes) {
    const auto life = life_;
    while (!bytes.empty() && life == life_) {
        const auto slice = bytes.substr(0, slice_bytes);
        bytes.remove_prefix(slice.size());
        const auto dispatched = dispatch(slice);
        if (!dispatched) return dispatched;
    }
    return {};
}

result<void> pipeline::dispatch(std::string_view slice) {
    const auto life = life_;
    reader_.feed(slice);
    while (life == life_) {
        value reply;
        const auto whole = reader_.next(reply);
        if (!whole) return whole.error();
        if (!*whole) return {};
        if (pending_.empty()) return errc::redis_protocol;

        auto done = std::move(pending_.front().done);
        answered_ = pending_.front().since;
        pending_.pop_front();
        done(std::move(reply));
    }
    return {};
}

void pipeline::fail_all(errc why) {
    ++life_;
    output_.clear();
    reader_ = {};
    auto failed = std::exchange(pending_, {});
    for (auto& each : failed) each.done(why);
}

std::optional<pipeline::time_point> pipeline::oldest() const noexcept {
    if (pending_.empty()) return std::nullopt;
    return pending_.front().since;
}

}  // namespace stagedoor::redis
