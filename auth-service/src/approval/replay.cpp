#include "auth-service/src/approval/replay.hpp"

#include <utility>
#include <vector>

#include "auth-service/src/approval/fence_policy.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::approval {

runtime::task<result<fence>> replay::advance(fence at) {
    switch (at.step) {
        case fence_step::forget:
            co_return co_await forget(std::move(at));
        case fence_step::bury:
            co_return co_await bury(std::move(at));
        case fence_step::send:
            co_return co_await send(std::move(at));
        case fence_step::fed:
            break;
    }
    co_return at;
}

runtime::task<result<fence>> replay::forget(fence at) {
    auto position = co_await mailbox_.forget_sessions(at.walked);
    if (!position) co_return position.error();
    at.walked = std::move(*position);
    co_return at.walked.empty() ? next_step(std::move(at)) : std::move(at);
}

// From the ledger itself: the outbox may have been purged or spoilt by hand.
runtime::task<result<fence>> replay::bury(fence at) {
    if (at.walked.empty()) {
        auto life = at.life;
        const auto begun = co_await mailbox_.begin_admins(std::move(life));
        if (!begun) co_return begun.error();
    }
    const auto after = session_id::parse(at.walked).value_or(session_id{});
    auto ends = co_await outbox_.ends_after(after, limits::replay_ends);
    if (!ends) co_return ends.error();
    if (ends->empty()) co_return next_step(std::move(at));

    const bool last = ends->size() < limits::replay_ends;
    counts_.ends += ends->size();
    at.walked = ends->back().who.session.text();
    const auto buried = co_await mailbox_.bury_again(std::move(*ends));
    if (!buried) co_return buried.error();
    co_return last ? next_step(std::move(at)) : std::move(at);
}

// Published or not.
runtime::task<result<fence>> replay::send(fence at) {
    auto rows = co_await outbox_.rows_after(at.cursor, limits::relay_batch);
    if (!rows) co_return rows.error();
    if (rows->empty()) co_return next_step(std::move(at));

    const bool last = rows->size() < limits::relay_batch;
    counts_.rows += rows->size();
    at = moved_on(std::move(at), {rows->back().id, event_name(rows->back())});
    std::vector<ended_session> ends;
    std::vector<outbox_row> letters;
    for (auto& each : *rows) {
        if (auto* const end = std::get_if<ended_session>(&each.what)) {
            ends.push_back(std::move(*end));
        } else {
            letters.push_back(std::move(each));
        }
    }
    const auto buried = co_await mailbox_.bury_again(std::move(ends));
    if (!buried) co_return buried.error();
    const auto carried = co_await carrier_.carry(std::move(letters));
    if (!carried) co_return carried.error();
    co_return last ? next_step(std::move(at)) : std::move(at);
}

}  // namespace stagedoor::approval
