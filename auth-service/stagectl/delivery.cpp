#include "auth-service/stagectl/delivery.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <vector>

#include "auth-service/stagectl/print.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

// As often as nodes tell of their sockets; ten times as long when many are waited for.
constexpr milliseconds first_pause = limits::receipt_interval;
constexpr milliseconds last_pause = 10 * limits::receipt_interval;
// A tab that was opened just before the decision is told of within an interval, or a few on a busy node: until then,
// that there is none is not believed.
constexpr auto no_tab_time = 5 * limits::receipt_interval;

bool is_settled(const json::object& outcome) { return text_of(outcome, "delivery") != "waiting"; }

// What `way` says of it by now; `believed`: also that there is no open tab.
std::string_view conclude(const json::object& way, bool believed) {
    const auto why_not = optional_text_of(way, "whyNot");
    if (why_not == "no_open_tab") return believed ? "no_open_tab" : "waiting";
    if (why_not == "session_ended") return "closed";
    if (why_not == "receipts_aged_out" || why_not == "outbox_purged") return "unknown";
    const auto* const tabs = member_of(way, "sockets").if_object();
    if (!why_not.empty() || !tabs || number_of(*tabs, "waiting") > 0) return "waiting";
    const auto all = number_of(*tabs, "listeners") - number_of(*tabs, "ended");
    return number_of(*tabs, "acknowledged") == all ? "acknowledged" : "given";
}

void ask(patient_calls& server, json::object& outcome, bool believed) {
    const auto event = text_of(outcome, "id") + '.' + std::to_string(number_of(outcome, "version"));
    const auto given = server.get("/api/admin/events/" + percent_encoded(event));
    const auto& way = given.object();
    outcome["delivery"] = conclude(way, believed);
    outcome["tabs"] = member_of(way, "sockets");
}

}  // namespace

bool wait_delivered(patient_calls& server, progress_bar& bar, json::array& outcomes, steady_clock::time_point until) {
    const auto began = steady_clock::now();
    std::vector<json::object*> open;
    for (auto& item : outcomes) {
        auto& one = item.as_object();
        const auto outcome = text_of(one, "outcome");
        if (outcome != "done" && outcome != "already") continue;
        one["delivery"] = "waiting";
        open.push_back(&one);
    }
    bool heard = true;
    for (auto pause = first_pause;; pause = std::min(pause * 2, last_pause)) {
        const bool believed = steady_clock::now() - began >= no_tab_time;
        for (auto* one : open) {
            if (interrupted()) return false;
            ask(server, *one, believed);
            heard = heard && text_of(*one, "delivery") != "unknown";
        }
        bar.advance(std::erase_if(open, [](const json::object* one) { return is_settled(*one); }));
        if (open.empty()) return heard;
        if (steady_clock::now() + pause > until) return false;
        sleep_for(pause);
    }
}

std::string shown_delivery(const json::object& outcome) {
    const auto delivery = optional_text_of(outcome, "delivery");
    if (delivery.empty()) return {};
    if (delivery == "no_open_tab") return ", no open tab";
    if (delivery == "unknown") return ", too long ago to tell what open tabs have heard";
    const auto* const tabs = outcome.contains("tabs") ? outcome.at("tabs").if_object() : nullptr;
    if (!tabs || number_of(*tabs, "listeners") == 0) return ", not told yet";
    const auto listeners = number_of(*tabs, "listeners"), written = number_of(*tabs, "written"),
               acknowledged = number_of(*tabs, "acknowledged"), ended = number_of(*tabs, "ended");
    if (ended == listeners) return ", " + std::to_string(ended) + (ended == 1 ? " open tab" : " open tabs") + " closed for it";
    auto text = ", acknowledged by " + std::to_string(acknowledged) + " of " + std::to_string(listeners) + " open tabs";
    if (written > acknowledged) text += ", written to " + std::to_string(written - acknowledged) + " more";
    if (ended > 0) text += ", " + std::to_string(ended) + " closed for it";
    return text;
}

std::string shown_deliveries(const json::array& outcomes) {
    std::map<std::string, std::size_t> counts;
    for (const auto& item : outcomes) {
        const auto delivery = optional_text_of(item.as_object(), "delivery");
        if (!delivery.empty()) ++counts[delivery];
    }
    if (counts.empty()) return {};
    return "Heard of it: " + std::to_string(counts["acknowledged"]) + " acknowledged, " + std::to_string(counts["given"]) +
           " given, " + std::to_string(counts["closed"]) + " closed for it, " + std::to_string(counts["no_open_tab"]) + " without an open tab, " + std::to_string(counts["waiting"]) +
           " not yet, " + std::to_string(counts["unknown"]) + " unknown.\n";
}

}  // namespace stagedoor::ctl
