// One decision about one person or about many. All of them go as bulk calls with an Idempotency-Key each: a call that was cut
// off by a restart is sent again and answered as it was, so nobody is decided about twice and every outcome is told.
#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <thread>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/people.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t page_max = 200;  // the API's
constexpr auto poll_interval = 100ms;  // of --wait-delivered
// Notify nodes tell of their sockets ten times a second: that there is no open tab is believed after this time.
constexpr auto no_tab_time = 500ms;

struct decision {
    std::string action;
    std::string reason;
    const decision_options& how;
};

// What became of everybody, as it comes in.
struct outcomes {
    json::array items;
    std::map<std::string, std::size_t> counts;
    std::map<std::string, std::string> written;  // id → as the caller wrote it
    bool pending_delivery = false;

    void add(json::object one) {
        ++counts[text_of(one, "outcome")];
        items.push_back(std::move(one));
    }
    std::size_t of(const std::string& outcome) const {
        const auto found = counts.find(outcome);
        return found == counts.end() ? 0 : found->second;
    }
    std::size_t refused() const { return of("invalid_transition") + of("not_found") + of("failed"); }
    std::size_t fine() const { return of("done") + of("already"); }
};

void decide_batch(desk& at, const decision& what, const json::array& ids, outcomes& into, progress_bar& bar) {
    json::object body{{"action", what.action}, {"ids", ids}};
    if (!what.reason.empty()) body["reason"] = what.reason;
    const auto given = at.server.post_patiently("/api/admin/stage-managers/bulk", body, id<struct idempotency_key_tag>{make_uuid_v4()}.text(),
                                                [&](const std::string& why) { bar.note("waiting: " + why); });
    if (optional_text_of(given.object(), "delivery") == "pending") into.pending_delivery = true;
    for (const auto& item : member_of(given.object(), "items").as_array()) {
        auto one = item.as_object();
        const auto written = into.written.find(text_of(one, "id"));
        if (written != into.written.end()) one["who"] = written->second;
        into.add(std::move(one));
    }
    bar.advance(ids.size());
}

void decide_people(desk& at, const decision& what, const std::vector<person>& people, outcomes& into) {
    progress_bar bar{what.action, people.size()};
    json::array ids;
    const auto send = [&] {
        if (!ids.empty()) decide_batch(at, what, ids, into, bar);
        ids.clear();
    };
    for (const auto& one : people) {
        if (interrupted()) return;
        if (one.id.empty()) {
            into.add({{"who", one.written}, {"outcome", "not_found"}});
            bar.advance(1);
            continue;
        }
        into.written[one.id] = one.written;
        ids.emplace_back(one.id);
        if (ids.size() >= what.how.batch) send();
    }
    if (!interrupted()) send();
}

// Everybody who waits, page by page from the newest on; who registers meanwhile is left for the next time.
void decide_all_pending(desk& at, const decision& what, outcomes& into) {
    const auto first = at.server.get("/api/admin/stage-managers?status=pending&limit=1");
    const auto total = static_cast<std::size_t>(number_of(member_of(first.object(), "totals").as_object(), "pending"));
    if (total == 0) return;
    if (!what.how.yes && !confirmed(what.action + ' ' + counted(total, "person", "people") + " who wait?")) {
        throw failure{exit_code::interrupted, "nothing was done"};
    }
    progress_bar bar{what.action, total};
    json::array ids;
    std::string cursor;
    do {
        const auto page = at.server.get("/api/admin/stage-managers?status=pending&limit=" + std::to_string(page_max) +
                                        (cursor.empty() ? "" : "&cursor=" + percent_encoded(cursor)));
        for (const auto& item : member_of(page.object(), "items").as_array()) {
            const auto& user = item.as_object();
            into.written[text_of(user, "id")] = text_of(user, "email");
            ids.emplace_back(text_of(user, "id"));
        }
        cursor = optional_text_of(page.object(), "nextCursor");
        if (interrupted()) return;
        if (ids.size() >= what.how.batch || cursor.empty()) {
            if (!ids.empty()) decide_batch(at, what, ids, into, bar);
            ids.clear();
        }
    } while (!cursor.empty() && !interrupted());
}

std::string event_id_of(const json::object& outcome) {
    return text_of(outcome, "id") + '.' + std::to_string(number_of(outcome, "version"));
}

constexpr std::string_view no_open_tab = "no open tab";

// What is to be said of it, and whether nothing more is to be waited for.
std::pair<std::string, bool> delivery_of(const json::object& way) {
    const auto& sockets = member_of(way, "sockets");
    const bool relayed = text_of(member_of(way, "relay").as_object(), "state") == "relayed";
    if (!relayed || !sockets.is_object()) return {optional_text_of(way, "whyNot"), false};
    const auto listeners = number_of(sockets.as_object(), "listeners");
    if (listeners == 0) return {std::string{no_open_tab}, true};
    const auto acknowledged = number_of(sockets.as_object(), "acknowledged");
    return {"acknowledged by " + std::to_string(acknowledged) + " of " + std::to_string(listeners) + " open tabs",
            number_of(sockets.as_object(), "waiting") == 0};
}

// Until all open tabs have acknowledged it, or there are none; false: not within the time.
bool wait_delivered(desk& at, json::object& outcome, steady_clock::time_point until) {
    const auto began = steady_clock::now();
    for (;;) {
        const auto given = at.server.get("/api/admin/events/" + percent_encoded(event_id_of(outcome)));
        const auto [said, settled] = delivery_of(given.object());
        outcome["delivery"] = said;
        if (settled && (said != no_open_tab || steady_clock::now() - began >= no_tab_time)) return true;
        if (steady_clock::now() + poll_interval > until) return false;
        std::this_thread::sleep_for(poll_interval);
        stop_if_interrupted("decided, but not waited for");
    }
}

std::string shown_by(const json::object& outcome) {
    const auto* const by = outcome.if_contains("by");
    if (!by || !by->is_object()) return {};
    const auto email = optional_text_of(by->as_object(), "email");
    return " by " + (email.empty() ? optional_text_of(by->as_object(), "id") : email) + " at " + shown_time(optional_text_of(outcome, "at"));
}

std::string shown_outcome(const json::object& one) {
    const auto outcome = text_of(one, "outcome");
    const auto delivery = optional_text_of(one, "delivery");
    if (outcome == "done") return painted(paint::green, "done") + (delivery.empty() ? "" : ", " + delivery);
    if (outcome == "already") return painted(paint::dim, "already so") + shown_by(one) + (delivery.empty() ? "" : ", " + delivery);
    if (outcome == "not_found") return painted(paint::red, "there is no such stage manager");
    if (outcome == "failed") return painted(paint::red, "failed") + " (" + optional_text_of(one, "code") + "): try again";
    return painted(paint::red, "not possible") + ": " + optional_text_of(one, "userStatus") + ", " + optional_text_of(one, "did") + shown_by(one);
}

void tell(desk& at, const decision& what, const outcomes& all) {
    if (at.as_json()) {
        json::object counts;
        for (const auto* name : {"done", "already", "invalid_transition", "not_found", "failed"}) counts[name] = all.of(name);
        print_json(json::object{{"action", what.action}, {"items", all.items}, {"counts", counts},
                                {"delivery", all.pending_delivery ? "pending" : "relayed"}, {"interrupted", interrupted()}});
        return;
    }
    // Of many, the ones that went well are a number.
    const bool each = all.items.size() <= 20;
    for (const auto& item : all.items) {
        const auto& one = item.as_object();
        const auto outcome = text_of(one, "outcome");
        if (!each && (outcome == "done" || outcome == "already")) continue;
        auto who = optional_text_of(one, "who");
        if (who.empty()) who = optional_text_of(one, "id");
        print(printable(who) + ": " + shown_outcome(one) + '\n');
    }
    if (!each) {
        print(what.action + ": " + std::to_string(all.of("done")) + " done, " + std::to_string(all.of("already")) +
              " already so, " + std::to_string(all.refused()) + " refused.\n");
    }
    if (all.items.empty()) print("Nobody waits.\n");
    if (all.pending_delivery) print("Committed; their tabs hear of it as soon as Redis is there again.\n");
}

exit_code code_of(const outcomes& all) {
    if (all.refused() == 0) return exit_code::done;
    if (all.fine() > 0) return exit_code::partial;
    if (all.of("invalid_transition") == all.refused()) return exit_code::conflict;
    if (all.of("not_found") == all.refused()) return exit_code::not_found;
    return exit_code::partial;
}

}  // namespace

exit_code decide(desk& at, const std::string& action) {
    const auto& how = at.given.decision;
    const decision what{action, how.reason, how};
    const int sources = (how.who.empty() ? 0 : 1) + (how.file.empty() ? 0 : 1) + (how.all_pending ? 1 : 0);
    if (sources != 1) {
        throw failure{exit_code::usage, action + " needs to know whom: WHO, --file" +
                                            (action == "approve" || action == "reject" ? ", or --all-pending" : "") + "; one of them"};
    }
    outcomes all;
    try {
        if (how.all_pending) {
            decide_all_pending(at, what, all);
        } else {
            const auto from_stdin = how.who == std::vector<std::string>{"-"};
            const auto names = !how.file.empty() ? read_names_from(how.file) : from_stdin ? read_names_from("-") : how.who;
            if (names.empty()) throw failure{exit_code::usage, "nobody is named"};
            decide_people(at, what, find_people(at.server, names), all);
        }
    } catch (const failure&) {
        if (!all.items.empty()) tell(at, what, all);  // what was done is told, whatever happened then
        throw;
    }
    if (how.wait_delivered > 0ms && !interrupted()) {
        const auto until = steady_clock::now() + how.wait_delivered;
        bool heard = true;
        for (auto& item : all.items) {
            const auto outcome = text_of(item.as_object(), "outcome");
            if (outcome == "done" || outcome == "already") heard = wait_delivered(at, item.as_object(), until) && heard;
        }
        tell(at, what, all);
        if (!heard) return exit_code::not_delivered;
        return code_of(all);
    }
    tell(at, what, all);
    stop_if_interrupted("interrupted; run it again to go on: who was decided about is not decided about twice");
    return code_of(all);
}

}  // namespace stagedoor::ctl
