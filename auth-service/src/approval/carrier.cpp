#include "auth-service/src/approval/carrier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "auth-service/src/approval/stream_policy.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::approval {
namespace {

using std::chrono::steady_clock;

// A row that Redis refuses comes back with every scan.
constexpr auto complaint_interval = std::chrono::seconds{10};

// Not the row's fault: it will be taken when what is away is back.
bool is_outage(const boost::system::error_code& why) noexcept {
    const auto error = to_errc(why);
    return error == errc::redis_unavailable || error == errc::overloaded || error == errc::database_unavailable ||
           error == errc::database_busy || error == errc::shutting_down;
}

const user_event* as_event(const outbox_row& row) noexcept { return std::get_if<user_event>(&row.what); }

}  // namespace

std::string event_name(const outbox_row& row) {
    const auto* const event = as_event(row);
    return event ? event_id(event->facts.id, event->facts.version)
                 : std::get<ended_session>(row.what).who.session.text();
}

runtime::task<result<void>> carrier::carry(std::vector<outbox_row> rows) {
    // Tried until each is there or parked; an outage ends it before.
    for (std::size_t attempt = 0; attempt <= limits::relay_attempts; ++attempt) {
        auto outcomes = co_await post(rows);
        for (const auto& each : outcomes) {
            if (!each && is_outage(each.error())) co_return each.error();
        }
        const bool all = co_await park_refused(rows, std::move(outcomes));
        if (all) co_return result<void>{};
    }
    co_return errc::database_unavailable;  // it could not be written down that they are parked
}

runtime::task<std::vector<result<void>>> carrier::post(std::vector<outbox_row> rows) {
    std::vector<result<void>> published(rows.size());
    const auto results = co_await mailbox_.post(rows);

    struct lag {
        std::int64_t top;
        std::int64_t wanted;
    };
    std::unordered_map<user_id, lag, id_hash<user_tag>> behind;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!results[i]) {
            published[i] = results[i].error();
            continue;
        }
        const auto* const event = as_event(rows[i]);
        if (!event || results[i]->what != posted::outcome::gap) continue;
        auto& lag_of_user = behind.try_emplace(event->facts.id, lag{results[i]->top, 0}).first->second;
        lag_of_user.wanted = std::max(lag_of_user.wanted, event->facts.version);
    }
    for (const auto& [user, how] : behind) {
        counters_.gaps += 1;
        const auto caught_up = co_await catch_up(user, how.top, how.wanted);
        if (caught_up) continue;
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const auto* const event = as_event(rows[i]);
            const bool gap = event && results[i] && results[i]->what == posted::outcome::gap;
            if (gap && event->facts.id == user) published[i] = caught_up.error();
        }
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (published[i]) {
            counters_.relayed += 1;
        } else {
            note_failure(rows[i], published[i].error());
        }
    }
    co_return published;
}

runtime::task<bool> carrier::park_refused(std::vector<outbox_row> rows, std::vector<result<void>> outcomes) {
    bool all = true;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto id = rows[i].id;
        if (outcomes[i]) {
            refusals_.erase(id);
            continue;
        }
        const bool parked = co_await park_if_refused_often(id, outcomes[i].error());
        all = all && parked;
    }
    co_return all;
}

runtime::task<bool> carrier::park_if_refused_often(std::int64_t id, boost::system::error_code why) {
    if (is_outage(why) || ++refusals_[id] < limits::relay_attempts) co_return false;
    const auto parked = co_await outbox_.park(id, why.message());
    if (!parked) co_return false;
    spdlog::error("relay: outbox row {} is parked after {} attempts: {}", id, limits::relay_attempts, why.message());
    counters_.parked += 1;
    refusals_.erase(id);
    co_return true;
}

runtime::task<result<void>> carrier::catch_up(user_id user, std::int64_t top, std::int64_t wanted) {
    while (top < wanted) {
        auto events = co_await outbox_.events_from(user, top + 1, limits::stream_entries);
        if (!events) co_return events.error();
        const auto first = events->empty() ? std::nullopt : std::optional{events->front().facts.version};
        const auto how = how_to_mend(top, first);
        if (!how) co_return how.error();
        const auto last = events->back().facts.version;

        if (*how == mend::post) {
            const auto results = co_await mailbox_.post_again(std::move(*events));
            for (const auto& each : results) {
                const auto taken = outcome_of_post(each);
                if (!taken) co_return taken.error();
            }
        } else {
            spdlog::warn("relay: events {} to {} of user {} were purged before Redis lost them; rebasing", top + 1,
                         *first - 1, user.text());
            counters_.rebases += 1;
            const auto reply = co_await mailbox_.rebase(top, std::move(*events));
            const auto rebased = outcome_of_rebase(reply);
            if (!rebased) co_return rebased.error();
        }
        top = last;
    }
    co_return result<void>{};
}

// An outage fails every row, and the link says so already; what is left to say is which row is at fault.
void carrier::note_failure(const outbox_row& row, const boost::system::error_code& why) {
    counters_.failed += 1;
    const auto now = steady_clock::now();
    if (is_outage(why) || now < next_complaint_) return;
    next_complaint_ = now + complaint_interval;
    const auto* const event = as_event(row);
    const auto& user = event ? event->facts.id : std::get<ended_session>(row.what).who.user;
    spdlog::error("relay: outbox row {} of user {} cannot be relayed and is tried again: {}", row.id, user.text(),
                  why.message());
}

}  // namespace stagedoor::approval
