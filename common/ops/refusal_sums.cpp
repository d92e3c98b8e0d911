#include "common/ops/refusal_sums.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::ops {

bool refusal_sums::is_first(errc why, http::method verb, std::string_view route, std::string_view about) {
    const auto find = [&] {
        return std::ranges::find_if(kinds_, [&](const sum& each) {
            return each.why == why && each.verb == verb && each.route == route && each.about == about;
        });
    };
    auto known = find();
    if (known == kinds_.end() && !about.empty() && kinds_.size() >= kinds_with_about) {
        about = {};
        known = find();
    }
    if (known == kinds_.end()) {
        kinds_.push_back({why, verb, route, std::string{about}});
        return true;
    }
    ++known->more;
    return false;
}

std::vector<refusal_sums::sum> refusal_sums::take() {
    auto told = std::exchange(kinds_, {});
    std::erase_if(told, [](const sum& each) { return each.more == 0; });
    return told;
}

}  // namespace stagedoor::ops
