#include "auth-service/src/approval/fence_policy.hpp"

#include <utility>

namespace stagedoor::approval {

bool is_disowned(const fence& what, const outbox_standing& db) noexcept {
    return db.fed.run_id.empty() && db.fed.feed > 0 && what.feed <= db.fed.feed;
}

data_state judge(const fence_sight& seen, const outbox_standing& db) noexcept {
    if (!seen.what) return data_state::broken;
    const auto& what = *seen.what;
    if (is_disowned(what, db)) return data_state::broken;
    const bool unknown_event = db.at_cursor && *db.at_cursor != what.event;
    if (what.cursor > db.newest || unknown_event) return data_state::database_went_back;

    if (what.run_id != seen.run_id) return data_state::broken;
    const bool fed = db.fed == feed_ref{what.run_id, what.feed};
    if (what.step != fence_step::fed) {
        // Its opener may not have told the database yet.
        return fed || db.fed.feed < what.feed ? data_state::replaying : data_state::broken;
    }
    if (fed) return data_state::whole;
    return db.fed.feed < what.feed ? data_state::database_went_back : data_state::fed_elsewhere;
}

fence open_replay(const fence_sight& seen, const outbox_standing& db, bool rows_missing, std::string life,
                  instant now) {
    fence first;
    first.run_id = seen.run_id;
    first.life = std::move(life);
    first.feed = db.fed.feed + 1;
    first.since = now;
    const bool owned = seen.what && !is_disowned(*seen.what, db);
    if (owned) {
        first.cursor = seen.what->cursor;
        first.event = seen.what->event;
    }
    // A replay that was under way may not have forgotten all that it had to.
    const bool forgetting = seen.what && seen.what->step == fence_step::forget;
    const bool foreign = seen.what && !owned;
    first.step = rows_missing || forgetting || foreign ? fence_step::forget : fence_step::bury;
    return first;
}

fence next_step(fence replaying) {
    replaying.walked.clear();
    switch (replaying.step) {
        case fence_step::forget:
            replaying.step = fence_step::bury;
            break;
        case fence_step::bury:
            replaying.step = fence_step::send;
            break;
        case fence_step::send:
        case fence_step::fed:
            replaying.step = fence_step::fed;
            break;
    }
    return replaying;
}

fence moved_on(fence at, const outbox_mark& newest) {
    if (newest.id <= at.cursor) return at;
    at.cursor = newest.id;
    at.event = newest.event;
    return at;
}

bool may_mark(const fence_sight& now, const fence& life) noexcept { return now.good() && same_life(*now.what, life); }

}  // namespace stagedoor::approval
