#include "auth-service/src/session/session_endings.hpp"

#include "auth-service/src/session/carried_sessions.hpp"
#include "auth-service/src/session/device_name.hpp"

namespace stagedoor::session {
namespace {

living_session to_living(ledger_entry entry) {
    return {entry.who.session, entry.created_at,          std::nullopt,
            entry.expires_at,  device_name(entry.device), std::move(entry.address)};
}

}  // namespace

runtime::task<void> session_endings::tell(std::vector<ended> ends) {
    std::vector<approval::outbox_row> rows;
    rows.reserve(ends.size());
    for (const auto& each : ends) rows.push_back({each.outbox_id, approval::ended_session{each.who, each.reason}});
    co_await relay_.deliver_all(std::move(rows));
}

runtime::task<approval::delivery> session_endings::tell(user::committed change) {
    if (!change.event) co_return approval::delivery::relayed;
    approval::outbox_row row{change.outbox_id, std::move(*change.event)};
    const auto what = co_await relay_.deliver(std::move(row));
    co_return what;
}

runtime::task<result<void>> session_endings::sign_out(std::string_view cookie_header, std::string address,
                                                      std::optional<session_ref>* seen) {
    std::vector<ended> ends;
    const auto carried = carried_sessions(cookie_header, cookie_, keys_);
    if (seen && !carried.empty()) *seen = carried.front();
    for (const auto& who : carried) {
        user::actor by{who.user.text(), "api", address};
        const auto end = co_await ledger_.end(who, errc::session_signed_out, std::move(by));
        if (!end) co_return end.error();
        if (*end) ends.push_back(**end);
    }
    co_await tell(std::move(ends));
    co_return result<void>{};
}

runtime::task<result<void>> session_endings::end_one(session_ref which, errc reason, user::actor by) {
    const auto end = co_await ledger_.end(which, reason, std::move(by));
    if (!end) co_return end.error();
    if (!*end) {
        const auto found = co_await ledger_.find(which);
        if (!found) co_return found.error();
        if (!*found) co_return errc::not_found;
        co_return result<void>{};
    }
    std::vector<ended> ends{**end};
    co_await tell(std::move(ends));
    co_return result<void>{};
}

runtime::task<result<void>> session_endings::end_all(user_id user, user::actor by) {
    auto raised = co_await users_.raise_epoch(user, std::move(by));
    if (!raised) co_return raised.error();
    co_await tell(std::move(*raised));
    co_return result<void>{};
}

runtime::task<result<std::vector<living_session>>> session_endings::living(user_id user) {
    auto entries = co_await ledger_.living(user);
    if (!entries) co_return entries.error();
    std::vector<session_id> ids;
    ids.reserve(entries->size());
    for (const auto& entry : *entries) ids.push_back(entry.who.session);
    const auto records = co_await store_.load_records(user, std::move(ids));

    const auto at = store_.at();
    std::vector<living_session> all;
    all.reserve(entries->size());
    for (std::size_t i = 0; i < entries->size(); ++i) {
        auto each = to_living(std::move((*entries)[i]));
        if (records && (*records)[i]) {
            const auto* const record = std::get_if<session_record>(&*(*records)[i]);
            // A tombstone: it ended since the ledger was read. An idle one is over; its next use will commit that.
            if (!record || at.now >= idle_expiry(*record, at.since, limits_)) continue;
            each.last_seen_at = record->last_seen_at;
        }
        all.push_back(std::move(each));
    }
    co_return all;
}

}  // namespace stagedoor::session
