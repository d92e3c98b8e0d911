#include "auth-service/src/approval/carrier.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <optional>
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

    std::vector<lag> behind;
    std::unordered_map<user_id, std::size_t, id_hash<user_tag>> place;  // of each user in it
    std::vector<std::size_t> gaps;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (!results[i]) {
            published[i] = results[i].error();
            continue;
        }
        const auto* const event = as_event(rows[i]);
        if (!event || results[i]->what != posted::outcome::gap) continue;
        gaps.push_back(i);
        const auto [at, is_new] = place.try_emplace(event->facts.id, behind.size());
        if (is_new) behind.push_back({event->facts.id, results[i]->top, 0});
        auto& wanted = behind[at->second].wanted;
        wanted = std::max(wanted, event->facts.version);
    }
    counters_.gaps += behind.size();
    if (!behind.empty()) behind = co_await catch_up(std::move(behind));
    for (const auto i : gaps) published[i] = behind[place.at(as_event(rows[i])->facts.id)].outcome;
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

runtime::task<std::vector<carrier::lag>> carrier::catch_up(std::vector<lag> behind) {
    for (std::size_t begin = 0; begin < behind.size(); begin += limits::relay_catch_up) {
        const auto first = behind.begin() + static_cast<std::ptrdiff_t>(begin);
        const auto count = std::min(limits::relay_catch_up, behind.size() - begin);
        std::vector<lag> some(first, first + static_cast<std::ptrdiff_t>(count));
        some = co_await catch_up_together(std::move(some));
        std::ranges::move(some, first);
    }
    co_return behind;
}

runtime::task<std::vector<carrier::lag>> carrier::catch_up_together(std::vector<lag> behind) {
    std::vector<lag*> open;
    for (auto& each : behind) open.push_back(&each);
    while (!open.empty()) {
        std::vector<events_start> starts;
        for (const auto* each : open) starts.push_back({each->user, each->top + 1});
        auto runs = co_await outbox_.events_from(std::move(starts), limits::stream_entries);
        if (!runs) {
            for (auto* each : open) each->outcome = runs.error();
            break;
        }
        std::vector<user_event> again;
        std::vector<std::size_t> lengths(open.size());  // of each one's part of them
        for (std::size_t i = 0; i < open.size(); ++i) {
            auto& each = *open[i];
            auto& run = (*runs)[i];
            const auto first = run.empty() ? std::nullopt : std::optional{run.front().facts.version};
            const auto how = how_to_mend(each.top, first);
            if (!how) {
                each.outcome = how.error();
                continue;
            }
            const auto last = run.back().facts.version;
            if (*how == mend::post) {
                lengths[i] = run.size();
                std::ranges::move(run, std::back_inserter(again));
            } else {
                spdlog::warn("relay: events {} to {} of user {} were purged before Redis lost them; rebasing",
                             each.top + 1, *first - 1, each.user.text());
                counters_.rebases += 1;
                const auto reply = co_await mailbox_.rebase(each.top, std::move(run));
                each.outcome = outcome_of_rebase(reply);
            }
            each.top = last;  // when all goes well
        }
        std::vector<result<posted>> taken;
        if (!again.empty()) taken = co_await mailbox_.post_again(std::move(again));
        auto next = taken.begin();
        for (std::size_t i = 0; i < open.size(); ++i) {
            for (const auto end = next + static_cast<std::ptrdiff_t>(lengths[i]); next != end; ++next) {
                const auto outcome = outcome_of_post(*next);
                if (open[i]->outcome) open[i]->outcome = outcome;
            }
        }
        std::erase_if(open, [](const lag* each) { return !each->outcome || each->top >= each->wanted; });
    }
    co_return behind;
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
