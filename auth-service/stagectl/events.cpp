// The way of an event, and those that Redis does not take. For scripts as the API tells it; for people with names in the
// place of ids, and sentences in the place of codes.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <map>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/listing.hpp"
#include "auth-service/stagectl/people.hpp"
#include "auth-service/stagectl/print.hpp"
#include "common/core/user.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

struct wording {
    std::string_view code;
    std::string_view said;
};

// Who changes something, when it is no user, and by which way somebody came.
constexpr std::array parts{
    wording{"sql", "a statement typed by hand"},
    wording{"create-admin", "auth-service create-admin"},
    wording{"create-token", "auth-service create-token"},
    wording{"after-restore", "auth-service after-restore"},
};
constexpr std::array ways{
    wording{"api", "signed in"},
    wording{"token", "by an API token"},
};

constexpr std::array hindrances{
    wording{"not_relayed", "Redis has not got it yet"},
    wording{"parked", "Redis does not take it"},
    wording{"no_open_tab", "nobody had a tab open; the next request shows it"},
    wording{"not_written", "a tab is open and has not been given it yet"},
    wording{"session_ended", "it ended the sessions of all open tabs, which were closed for it"},
    wording{"outbox_purged", "it was too long ago: nothing tells of it any more"},
    wording{"receipts_aged_out", "it was too long ago: what tabs have heard is not known any more"},
    wording{"receipts_unavailable", "Redis cannot be asked what tabs have heard"},
};

// The code itself when it is a new one.
template <std::size_t N>
std::string said(const std::array<wording, N>& all, const std::string& code) {
    const auto* const found = std::ranges::find(all, code, &wording::code);
    return found == all.end() ? printable(code) : std::string{found->said};
}

// E-mails by id, each asked for once.
class names {
public:
    explicit names(api& server) : server_{server} {}

    std::string of(const std::string& id) {
        if (!user_id::parse(id)) return said(parts, id);
        const auto [found, is_new] = known_.emplace(id, id);
        if (is_new) found->second = look_up(id);
        return found->second;
    }

private:
    std::string look_up(const std::string& id) {
        try {
            return printable(text_of(find_user(server_, id), "email"));
        } catch (const failure& why) {
            if (why.code() != exit_code::not_found) throw;
            return id;
        }
    }

    api& server_;
    std::map<std::string, std::string> known_;
};

std::string shown_author(const json::object& committed, names& who) {
    const auto actor = text_of(committed, "actor");
    auto out = " by " + who.of(actor);
    const auto origin = optional_text_of(committed, "origin");
    return origin.empty() || origin == actor || !user_id::parse(actor) ? out : out + ", " + said(ways, origin);
}

std::string shown_relay(const json::object& relay) {
    const auto state = text_of(relay, "state");
    if (state == "relayed") return "Redis has it";
    if (state == "parked") return "parked: " + printable(optional_text_of(relay, "parkedReason"));
    return "not yet: Redis is away, or it was committed just now";
}

std::string shown_tabs(const json::object& tally) {
    const auto listeners = number_of(tally, "listeners"), ended = number_of(tally, "ended");
    if (listeners == 0) return "none";
    auto out = std::to_string(listeners) + ": given to " + std::to_string(number_of(tally, "written")) + ", acknowledged by " +
               std::to_string(number_of(tally, "acknowledged"));
    return ended == 0 ? out : out + ", closed for it " + std::to_string(ended);
}

// `stagedoor.stage_manager.approved` is "approved".
std::string last_part(const std::string& type) { return type.substr(type.rfind('.') + 1); }

std::string shown_way(const json::object& way, names& who) {
    const auto& event = member_of(way, "event").as_object();
    const auto& data = member_of(event, "data").as_object();
    const auto& committed = member_of(way, "committed").as_object();
    auto out = painted(paint::bold, text_of(event, "id")) + "  " + printable(text_of(member_of(data, "user").as_object(), "email")) + ' ' +
               last_part(text_of(event, "type")) + '\n';
    out += "  committed  " + shown_moment(text_of(committed, "at")) + shown_author(committed, who) + '\n';
    const auto reason = optional_text_of(data, "reason");
    if (!reason.empty()) out += "  reason     " + printable(reason) + '\n';
    out += "  relay      " + shown_relay(member_of(way, "relay").as_object()) + '\n';
    if (const auto* const tally = member_of(way, "sockets").if_object()) out += "  open tabs  " + shown_tabs(*tally) + '\n';
    const auto why_not = optional_text_of(way, "whyNot");
    return out + (why_not.empty() ? "" : "  not told   " + said(hindrances, why_not) + '\n');
}

exit_code tell_parked(desk& at) {
    auto parked = items_of(at.server, "/api/admin/events?state=parked");
    if (at.as_json()) {
        print_list(std::move(parked.items));
        return exit_code::done;
    }
    if (parked.items.empty()) {
        print("No event is parked: Redis takes all of them.\n");
        return exit_code::done;
    }
    names who{at.server};
    table rows{{"COMMITTED (UTC)", "BY", "ABOUT", "WHAT", "TRIES", "WHY"}};
    for (const auto& item : parked.items) {
        const auto& event = item.as_object();
        const auto& committed = member_of(event, "committed").as_object();
        const auto id = optional_text_of(event, "eventId");
        rows.add({shown_time(text_of(committed, "at")), who.of(text_of(committed, "actor")), who.of(text_of(event, "userId")),
                  id.empty() ? "end of session " + optional_text_of(event, "sessionId") : id, std::to_string(number_of(event, "attempts")),
                  text_of(event, "parkedReason")});
    }
    print_table(rows);
    return exit_code::done;
}

}  // namespace

exit_code events(desk& at) {
    if (at.given.events.ids.empty()) return tell_parked(at);
    json::array all;
    for (const auto& id : at.given.events.ids) {
        auto given = find_or_name("event " + id + "; its id is the person's, a dot and a version",
                                  [&] { return at.server.get("/api/admin/events/" + percent_encoded(id)); });
        static_cast<void>(member_of(given.object(), "event"));
        all.push_back(std::move(given.body));
    }
    if (at.as_json()) {
        print_list(std::move(all));
        return exit_code::done;
    }
    names who{at.server};
    for (const auto& way : all) print(shown_way(way.as_object(), who));
    return exit_code::done;
}

}  // namespace stagedoor::ctl
