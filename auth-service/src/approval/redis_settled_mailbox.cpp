#include "auth-service/src/approval/redis_settled_mailbox.hpp"

#include <utility>

namespace stagedoor::approval {
namespace {

void fail_all(std::vector<result<posted>>& results, const boost::system::error_code& why) {
    for (auto& each : results) {
        if (each) each = why;
    }
}

}  // namespace

runtime::task<std::vector<result<posted>>> redis_settled_mailbox::post(std::vector<outbox_row> rows) {
    auto results = co_await inner_.post(rows);
    for (const auto& row : rows) {
        if (const auto* const event = std::get_if<user_event>(&row.what)) {
            writes_.note(event->facts.id);
        } else {
            writes_.note(std::get<ended_session>(row.what).who);
        }
    }
    const auto settled = co_await settle();
    if (!settled) fail_all(results, settled.error());
    co_return results;
}

runtime::task<std::vector<result<posted>>> redis_settled_mailbox::post_again(std::vector<user_event> events) {
    auto results = co_await inner_.post_again(events);
    for (const auto& event : events) writes_.note(event.facts.id);
    const auto settled = co_await settle();
    if (!settled) fail_all(results, settled.error());
    co_return results;
}

runtime::task<result<void>> redis_settled_mailbox::bury_again(std::vector<ended_session> ends) {
    const auto buried = co_await inner_.bury_again(ends);
    for (const auto& end : ends) writes_.note(end.who);
    if (!buried) co_return buried.error();
    co_return co_await settle();
}

runtime::task<result<void>> redis_settled_mailbox::begin_admins(std::string life) {
    co_return co_await inner_.begin_admins(std::move(life));
}

runtime::task<result<std::string>> redis_settled_mailbox::forget_sessions(std::string position) {
    co_return co_await inner_.forget_sessions(std::move(position));
}

runtime::task<result<bool>> redis_settled_mailbox::rebase(std::int64_t seen_top, std::vector<user_event> run) {
    const auto user = run.front().facts.id;
    auto rebased = co_await inner_.rebase(seen_top, std::move(run));
    writes_.note(user);
    const auto settled = co_await settle();
    if (rebased && !settled) co_return failed<bool>(settled.error());
    co_return rebased;
}

runtime::task<result<void>> redis_settled_mailbox::settle() {
    const auto answered = co_await link_.request("PING");
    if (!answered) co_return answered.error();
    co_return result<void>{};
}

}  // namespace stagedoor::approval
