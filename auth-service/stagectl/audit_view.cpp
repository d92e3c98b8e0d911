#include "auth-service/stagectl/audit_view.hpp"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "auth-service/stagectl/answer.hpp"
#include "auth-service/stagectl/listing.hpp"
#include "auth-service/stagectl/print.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

// Facts that an update may change, as people call them. A status has an action of its own.
constexpr std::array told_facts{std::pair{"email", "e-mail"}, std::pair{"displayName", "name"}, std::pair{"role", "role"}};

const json::object* object_in(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    return value ? value->if_object() : nullptr;
}

std::string shown_change(const json::object& before, const json::object& after) {
    std::string out;
    const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", ") + what; };
    for (const auto& [name, called] : told_facts) {
        const auto was = optional_text_of(before, name), is = optional_text_of(after, name);
        if (was != is) add(std::string{called} + ": " + was + " -> " + is);
    }
    const auto *const was = before.if_contains("epoch"), *const is = after.if_contains("epoch");
    if (was && is && *was != *is) add("all sessions ended");
    return out;
}

std::string shown_details(const json::object& details) {
    if (const auto code = optional_text_of(details, "code"); !code.empty()) {
        const auto* const count = details.if_contains("count");
        const bool often = count && count->is_int64() && count->as_int64() > 1;
        const auto route = optional_text_of(details, "route");
        return code + (route.empty() ? "" : ": " + optional_text_of(details, "method") + ' ' + route) +
               (often ? ", " + std::to_string(count->as_int64()) + " times" : "");
    }
    const auto name = optional_text_of(details, "name");
    return name.empty() ? name : name + " (" + optional_text_of(details, "scope") + ')';
}

}  // namespace

std::string shown_why(const json::object& entry) {
    const auto reason = optional_text_of(entry, "reason");
    if (!reason.empty()) return reason;
    if (const auto* const details = object_in(entry, "details")) return shown_details(*details);
    const auto *const before = object_in(entry, "before"), *const after = object_in(entry, "after");
    return before && after && optional_text_of(entry, "action") == "updated" ? shown_change(*before, *after) : std::string{};
}

table audit_table(const json::array& entries, std::size_t most) {
    table rows{{"WHEN (UTC)", "WHO", "WHAT", "WHOM", "HOW", "FROM", "WHY"}};
    for (std::size_t i = 0; i < std::min(most, entries.size()); ++i) {
        const auto& entry = entries[i].as_object();
        rows.add({shown_time(text_of(entry, "at")), shown_name(entry, "actor"), text_of(entry, "action"), shown_name(entry, "user"),
                  text_of(entry, "origin"), optional_text_of(entry, "address"), shown_why(entry)});
    }
    return rows;
}

}  // namespace stagedoor::ctl
