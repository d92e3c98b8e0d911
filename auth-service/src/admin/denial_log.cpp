#include "auth-service/src/admin/denial_log.hpp"

#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::admin {

void denial_log::add(open_sum& to, denial what, time_point now) {
    if (to.sum.count == 0) to.sum.first_at = what.at;
    if (!to.written) to.window_ends = now + limits::denial_window;
    to.sum.count += 1;
    to.sum.last = std::move(what);
}

void denial_log::note(denial what, time_point now) {
    const std::lock_guard lock{mutex_};
    const kind_of kind{what.who, what.token, what.why, what.method, what.route};
    const auto known = kinds_.find(kind);
    if (known != kinds_.end()) return add(known->second, std::move(what), now);
    if (kinds_.size() < limits::denial_kinds) return add(kinds_[kind], std::move(what), now);
    what.who.reset();
    what.token.reset();
    add(rest_, std::move(what), now);
    rest_.sum.rest = true;
}

std::vector<denial_sum> denial_log::take(time_point now) {
    const std::lock_guard lock{mutex_};
    std::vector<denial_sum> due;
    const auto collect = [&](open_sum& each) {
        const bool over = each.written && now >= each.window_ends;
        if (each.sum.count > 0 && (!each.written || over)) {
            due.push_back(std::exchange(each.sum, {}));
            each.written = true;
        }
        return over;
    };
    for (auto each = kinds_.begin(); each != kinds_.end();) {
        each = collect(each->second) ? kinds_.erase(each) : std::next(each);
    }
    if (collect(rest_)) rest_ = {};
    return due;
}

std::vector<denial_sum> denial_log::take_all() {
    const std::lock_guard lock{mutex_};
    std::vector<denial_sum> all;
    for (auto& [kind, each] : kinds_) {
        if (each.sum.count > 0) all.push_back(std::move(each.sum));
    }
    if (rest_.sum.count > 0) all.push_back(std::move(rest_.sum));
    kinds_.clear();
    rest_ = {};
    return all;
}

}  // namespace stagedoor::admin
