// Models of the ports that a relay and a fence's keeper stand on: an outbox with a ledger, and a Redis whose streams
// follow R1, that can be wiped and can come back from any earlier state of itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "auth-service/src/approval/fence_store.hpp"
#include "auth-service/src/approval/mailbox.hpp"
#include "auth-service/src/approval/outbox.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::tests::feed {

using namespace stagedoor::approval;

inline user_event event_of(const user_id& user, std::int64_t version) {
    user_facts facts;
    facts.id = user;
    facts.version = version;
    facts.epoch = 1;
    return {"updated", facts, std::nullopt, "", from_unix_ms(version)};
}

struct model_outbox final : outbox {
    struct entry {
        outbox_row row;
        bool published = false;
        bool parked = false;
    };
    std::vector<entry> entries;        // with ids 1…n
    std::int64_t purged_below = 0;     // versions that are gone
    std::int64_t purged_up_to = 0;     // ids that are gone
    std::vector<ended_session> ended;  // in the ledger, by session id
    feed_ref fed;
    std::size_t failing_calls = 0;
    bool hangs = false;  // scans wait for their rows
    std::size_t reads_of_events = 0;

    void add(const user_id& user, std::int64_t version) { append(event_of(user, version)); }
    void add_end(const session::session_ref& who) {
        append(ended_session{who, errc::session_signed_out});
        ended.push_back({who, errc::session_signed_out});
        std::ranges::sort(ended, {}, [](const ended_session& each) { return each.who.session; });
    }
    bool all_published() const {
        return std::ranges::all_of(entries, [](const entry& e) { return e.published || e.parked; });
    }

    runtime::task<result<outbox_scan>> unpublished(std::size_t most, id_ranges known) override {
        while (hangs) co_await runtime::sleep_for(std::chrono::milliseconds{1});
        if (fails()) co_return errc::database_unavailable;
        outbox_scan found;
        if (!entries.empty()) found.newest = {last_id(), event_name(entries.back().row)};
        for (const auto& each : entries) {
            const bool wanted = !each.published && !each.parked && !known.contains(each.row.id);
            if (wanted && found.rows.size() < most) found.rows.push_back(each.row);
        }
        co_return found;
    }
    runtime::task<result<std::vector<std::vector<user_event>>>> events_from(std::vector<events_start> starts,
                                                                            std::size_t most) override {
        reads_of_events += 1;
        std::vector<std::vector<user_event>> runs;
        for (const auto& from : starts) runs.push_back(run_from(from, most));
        co_return runs;
    }
    runtime::task<result<void>> mark_published(id_ranges ids, feed_ref to) override {
        if (to != fed) co_return result<void>{};
        for (const auto& [first, last] : ids.ranges()) {
            for (auto id = first; id <= last; ++id) entry_of(id).published = true;
        }
        co_return result<void>{};
    }
    runtime::task<result<bool>> switch_feed(feed_ref to) override {
        if (fed.feed == to.feed - 1) {
            fed = to;
            for (auto& each : entries) each.parked = false;
        }
        co_return fed == to;
    }
    runtime::task<result<outbox_standing>> standing(std::int64_t cursor) override {
        if (fails()) co_return errc::database_unavailable;
        outbox_standing found;
        const bool there = cursor > purged_up_to && cursor <= last_id();
        if (there) found.at_cursor = event_name(entry_of(cursor).row);
        found.newest = last_id();
        found.fed = fed;
        co_return found;
    }
    runtime::task<result<bool>> rows_missing_after(std::int64_t id) override { co_return id < purged_up_to; }
    runtime::task<result<std::vector<outbox_row>>> rows_after(std::int64_t id, std::size_t most) override {
        std::vector<outbox_row> rows;
        for (const auto& each : entries) {
            const bool wanted = each.row.id > std::max(id, purged_up_to) && !each.parked;
            if (wanted && rows.size() < most) rows.push_back(each.row);
        }
        co_return rows;
    }
    runtime::task<result<std::vector<ended_session>>> ends_after(session_id after, std::size_t most) override {
        std::vector<ended_session> found;
        for (const auto& each : ended) {
            if (after < each.who.session && found.size() < most) found.push_back(each);
        }
        co_return found;
    }
    runtime::task<result<void>> park(std::int64_t id, std::string) override {
        entry_of(id).parked = true;
        co_return result<void>{};
    }

private:
    std::vector<user_event> run_from(const events_start& from, std::size_t most) const {
        std::vector<user_event> events;
        for (const auto& each : entries) {
            const auto* const event = std::get_if<user_event>(&each.row.what);
            const bool wanted = event && each.row.id > purged_up_to && event->facts.id == from.user &&
                                event->facts.version >= std::max(from.version, purged_below);
            if (wanted && events.size() < most) events.push_back(*event);
        }
        return events;
    }
    entry& entry_of(std::int64_t id) { return entries[static_cast<std::size_t>(id - 1)]; }
    std::int64_t last_id() const { return static_cast<std::int64_t>(entries.size()); }
    bool fails() { return failing_calls > 0 && failing_calls-- > 0; }
    template <class What>
    void append(What what) {
        entries.push_back({{last_id() + 1, std::move(what)}});
    }
};

// What Redis keeps.
struct model_data {
    std::map<user_id, std::vector<std::int64_t>> streams;
    std::map<session_id, bool> sessions;  // true: a record; false: a tombstone
    std::string fence;
    std::string admins_of;  // the life that the admins' stream was begun for
};

struct model_redis final : mailbox, fence_store {
    model_data data;
    std::string run_id = "run";
    std::int64_t time_ms = 1;
    bool away = false;
    int failing_calls = 0;              // of post(): an outage
    std::set<std::int64_t> refused_versions;

    std::int64_t top(const user_id& user) { return data.streams[user].empty() ? 0 : data.streams[user].back(); }
    void restart_with(model_data copy) {
        data = std::move(copy);
        run_id += "+";
        time_ms += 1'000;
    }

    result<posted> append(const user_event& event) {
        if (refused_versions.contains(event.facts.version)) return errc::redis_protocol;
        auto& stream = data.streams[event.facts.id];
        const auto newest = top(event.facts.id);
        if (newest >= event.facts.version) return posted{posted::outcome::dup, newest};
        if (newest + 1 != event.facts.version) return posted{posted::outcome::gap, newest};
        stream.push_back(event.facts.version);
        return posted{posted::outcome::ok, event.facts.version};
    }
    runtime::task<std::vector<result<posted>>> post(std::vector<outbox_row> rows) override {
        std::vector<result<posted>> results;
        const bool fails = away || (failing_calls > 0 && failing_calls-- > 0);
        for (const auto& row : rows) {
            if (fails) {
                results.emplace_back(errc::redis_unavailable);
            } else if (const auto* const event = std::get_if<user_event>(&row.what)) {
                results.push_back(append(*event));
            } else {
                data.sessions[std::get<ended_session>(row.what).who.session] = false;
                results.emplace_back(posted{});
            }
        }
        co_return results;
    }
    runtime::task<std::vector<result<posted>>> post_again(std::vector<user_event> events) override {
        std::vector<result<posted>> results;
        for (const auto& event : events) results.push_back(append(event));
        co_return results;
    }
    runtime::task<result<bool>> rebase(std::int64_t seen_top, std::vector<user_event> run) override {
        const auto user = run.front().facts.id;
        if (top(user) != seen_top) co_return false;
        data.streams[user].clear();
        for (const auto& event : run) data.streams[user].push_back(event.facts.version);
        co_return true;
    }
    runtime::task<result<void>> bury_again(std::vector<ended_session> ends) override {
        if (away) co_return errc::redis_unavailable;
        for (const auto& end : ends) {
            const auto found = data.sessions.find(end.who.session);
            if (found != data.sessions.end()) found->second = false;
        }
        co_return result<void>{};
    }
    runtime::task<result<void>> begin_admins(std::string life) override {
        if (away) co_return errc::redis_unavailable;
        data.admins_of = std::move(life);
        co_return result<void>{};
    }
    runtime::task<result<std::string>> forget_sessions(std::string position) override {
        if (away) co_return errc::redis_unavailable;
        if (!data.sessions.empty()) data.sessions.erase(data.sessions.begin());
        const bool done = data.sessions.empty();
        co_return done ? std::string{} : position + "7";
    }

    instant now() const override {
        const auto alive = std::chrono::steady_clock::now() - born_;
        return from_unix_ms(time_ms) + std::chrono::duration_cast<std::chrono::milliseconds>(alive);
    }
    runtime::task<result<fence_sight>> read() override {
        if (away) co_return errc::redis_unavailable;
        co_return fence_sight{run_id, data.fence, parse_fence(data.fence)};
    }
    runtime::task<result<bool>> swap(std::string expected, fence next) override {
        if (away) co_return errc::redis_unavailable;
        if (expected != data.fence) co_return false;
        data.fence = format_fence(next);
        co_return true;
    }

private:
    const std::chrono::steady_clock::time_point born_ = std::chrono::steady_clock::now();
};

}  // namespace stagedoor::tests::feed
