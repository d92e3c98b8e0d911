#include "common/redis/fence_watch.hpp"

#include <utility>

namespace stagedoor::redis {

void fence_watch::look() {
    if (asked_ || !data_.connected()) return;
    asked_ = true;
    auto take = [this](result<value> reply) {
        asked_ = false;
        if (!reply) return;
        const auto text = reply->to_optional_text();
        // Something else in its place, or no permission to read it, is no fence.
        note(text ? text->value_or(std::string_view{}) : std::string_view{});
    };
    data_.send(std::move(take), "GET", key_);
}

void fence_watch::note(std::string_view text) {
    looked_at_ = data_.run_id();
    auto seen = parse_fence(text);
    if (!is_good(seen, data_.run_id())) seen.reset();
    const bool same = seen && whole_ ? same_life(*seen, *whole_) : seen.has_value() == whole_.has_value();
    whole_ = std::move(seen);
    if (whole_) since_ = whole_->since;
    if (!same) on_change_();
}

}  // namespace stagedoor::redis
