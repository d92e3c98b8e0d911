#include "common/redis/pipeline.hpp"

#include <utility>
#include <vector>

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
        if (done) done(std::move(reply));  // else: it was told that there is none
    }
    return {};
}

void pipeline::expire(time_point now) {
    if (now < next_expiry_) return;
    next_expiry_ = no_deadline;
    std::vector<reply_handler> expired;  // handlers may push
    for (auto& each : pending_) {
        if (!each.done) continue;
        if (each.by <= now) {
            expired.push_back(std::move(each.done));
        } else {
            next_expiry_ = std::min(next_expiry_, each.by);
        }
    }
    for (auto& each : expired) each(errc::redis_unavailable);
}

void pipeline::fail_all(errc why) {
    ++life_;
    next_expiry_ = no_deadline;
    output_.clear();
    reader_ = {};
    auto failed = std::exchange(pending_, {});
    for (auto& each : failed) {
        if (each.done) each.done(why);
    }
}

std::optional<pipeline::time_point> pipeline::oldest() const noexcept {
    if (pending_.empty()) return std::nullopt;
    return pending_.front().since;
}

}  // namespace stagedoor::redis
