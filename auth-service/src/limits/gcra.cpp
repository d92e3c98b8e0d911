#include "auth-service/src/limits/gcra.hpp"

#include <algorithm>

namespace stagedoor::rate_limit {

decision decide(const rate& limit, debt owed, step how) noexcept {
    const auto interval = limit.interval();
    const debt most = limit.period * most_periods_owed;
    const bool allowed = owed + interval <= limit.period;
    if (how == step::give_back) return {allowed, std::max(owed - interval, debt{0})};
    const bool uses = how == step::charge || (how == step::take && allowed);
    return {allowed, std::min(uses ? owed + interval : owed, most)};
}

quota quota_of(const rate& limit, debt owed) noexcept {
    using std::chrono::ceil;
    using std::chrono::seconds;
    const auto interval = limit.interval();
    const debt room = limit.period - owed;
    if (room >= interval) return {static_cast<std::uint32_t>(room / interval), ceil<seconds>(owed), seconds{0}};
    return {0, ceil<seconds>(owed), ceil<seconds>(interval - room)};
}

}  // namespace stagedoor::rate_limit
