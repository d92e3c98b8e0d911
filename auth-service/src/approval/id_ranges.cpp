#include "auth-service/src/approval/id_ranges.hpp"

#include <algorithm>
#include <iterator>

namespace stagedoor::approval {
namespace {

std::size_t length(std::int64_t first, std::int64_t last) noexcept { return static_cast<std::size_t>(last - first + 1); }

}  // namespace

id_ranges::id_ranges(std::initializer_list<std::int64_t> ids) {
    for (const auto id : ids) insert(id);
}

id_ranges::id_ranges(const std::vector<std::int64_t>& ids) {
    for (const auto id : ids) insert(id);
}

void id_ranges::insert(std::int64_t id) {
    const auto next = ranges_.upper_bound(id);
    const auto before = next == ranges_.begin() ? ranges_.end() : std::prev(next);
    if (before != ranges_.end() && before->second >= id) return;
    size_ += 1;
    const auto last = next != ranges_.end() && next->first == id + 1 ? next->second : id;
    if (last != id) ranges_.erase(next);
    if (before != ranges_.end() && before->second == id - 1) {
        before->second = last;
    } else {
        ranges_.emplace(id, last);
    }
}

void id_ranges::erase(const id_ranges& others) {
    for (const auto& [first, last] : others.ranges_) erase(first, last);
}

void id_ranges::erase(std::int64_t first, std::int64_t last) {
    auto at = ranges_.upper_bound(first);
    if (at != ranges_.begin()) --at;
    while (at != ranges_.end() && at->first <= last) {
        const auto [begin, end] = *at;
        if (end < first) {
            ++at;
            continue;
        }
        at = ranges_.erase(at);
        size_ -= length(std::max(begin, first), std::min(end, last));
        if (begin < first) ranges_.emplace(begin, first - 1);
        if (end > last) ranges_.emplace(last + 1, end);
    }
}

void id_ranges::clear() noexcept {
    ranges_.clear();
    size_ = 0;
}

bool id_ranges::contains(std::int64_t id) const noexcept {
    const auto next = ranges_.upper_bound(id);
    return next != ranges_.begin() && std::prev(next)->second >= id;
}

id_ranges id_ranges::lowest(std::size_t most) const {
    id_ranges some;
    for (const auto& [first, last] : ranges_) {
        if (some.size_ == most) break;
        const auto count = std::min(length(first, last), most - some.size_);
        some.ranges_.emplace(first, first + static_cast<std::int64_t>(count) - 1);
        some.size_ += count;
    }
    return some;
}

}  // namespace stagedoor::approval
