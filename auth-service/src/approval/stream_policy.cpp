#include "auth-service/src/approval/stream_policy.hpp"

namespace stagedoor::approval {

result<posted> taken_by_both(const result<posted>& to_user, const result<void>& to_admins) {
    return to_admins ? to_user : to_admins.error();
}

result<mend> how_to_mend(std::int64_t top, std::optional<std::int64_t> first) {
    if (!first) return errc::not_found;
    return *first == top + 1 ? mend::post : mend::rebase;
}

result<void> outcome_of_post(const result<posted>& reply) {
    if (!reply) return reply.error();
    if (reply->what == posted::outcome::gap) return errc::redis_unavailable;
    return {};
}

result<void> outcome_of_rebase(const result<bool>& reply) {
    if (!reply) return reply.error();
    if (!*reply) return errc::redis_unavailable;
    return {};
}

}  // namespace stagedoor::approval
