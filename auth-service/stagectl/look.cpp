#include <algorithm>
#include <boost/json.hpp>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/people.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

// For table::text: a pipe gets lines as long as they are.
std::size_t page_width() { return output_is_terminal() ? terminal_width() : 0; }

std::string coloured_status(const std::string& status) {
    if (status == "pending") return painted(paint::yellow, status);
    if (status == "active") return painted(paint::green, status);
    return painted(paint::red, status);
}

// A user or a part of the system, for people.
std::string shown_name(const json::object& from, std::string_view name) {
    const auto* const value = from.if_contains(name);
    const auto* const named = value ? value->if_object() : nullptr;
    if (!named) return "-";
    const auto email = optional_text_of(*named, "email");
    return email.empty() ? text_of(*named, "id") : email;
}

// Items of all pages up to `limit`; `last` is the last page.
json::array items_of(api& server, const std::string& path, std::size_t limit, json::object* last = nullptr) {
    json::array all;
    std::string cursor;
    do {
        const auto size = std::to_string(std::min(limits::page_max, limit - all.size()));
        const auto page = server.get(path + (path.find('?') == std::string::npos ? '?' : '&') + "limit=" + size +
                                     (cursor.empty() ? "" : "&cursor=" + percent_encoded(cursor)));
        for (const auto& item : member_of(page.object(), "items").as_array()) all.push_back(item);
        cursor = optional_text_of(page.object(), "nextCursor");
        if (last) *last = page.object();
        stop_if_interrupted();
    } while (!cursor.empty() && all.size() < limit);
    return all;
}

void append_parameter(std::string& path, std::string_view name, const std::string& value) {
    if (value.empty()) return;
    path += (path.find('?') == std::string::npos ? '?' : '&');
    path += std::string{name} + '=' + percent_encoded(value);
}

std::string shown_totals(const json::object& totals) {
    std::string out;
    for (const auto& [status, count] : totals) {
        out += (out.empty() ? "" : ", ") + std::to_string(count.as_int64()) + ' ' + std::string{status};
    }
    return out + '\n';
}

std::string actor_id(api& server, const std::string& written) {
    return written.find('@') == std::string::npos ? written : find_person(server, written);
}

table audit_table(const json::array& entries) {
    table rows{{"WHEN (UTC)", "WHO", "WHAT", "WHOM", "HOW", "FROM", "WHY"}};
    for (const auto& item : entries) {
        const auto& entry = item.as_object();
        rows.add({shown_time(text_of(entry, "at")), shown_name(entry, "actor"), text_of(entry, "action"), shown_name(entry, "user"),
                  text_of(entry, "origin"), optional_text_of(entry, "address"), optional_text_of(entry, "reason")});
    }
    return rows;
}

table session_table(const json::array& items) {
    table rows{{"SESSION", "DEVICE", "ADDRESS", "SIGNED IN (UTC)", "LAST SEEN (UTC)"}};
    for (const auto& item : items) {
        const auto& session = item.as_object();
        rows.add({text_of(session, "id"), optional_text_of(session, "device"), optional_text_of(session, "address"),
                  shown_time(text_of(session, "createdAt")), shown_time(optional_text_of(session, "lastSeenAt"))});
    }
    return rows;
}

std::string shown_way(const json::object& way) {
    const auto& event = member_of(way, "event").as_object();
    const auto& committed = member_of(way, "committed").as_object();
    const auto& relay = member_of(way, "relay").as_object();
    auto out = painted(paint::bold, text_of(event, "id")) + "  " + text_of(event, "type") + '\n';
    out += "  committed  " + shown_time(text_of(committed, "at")) + " by " + printable(text_of(committed, "actor")) + " (" +
           text_of(committed, "origin") + ")\n";
    out += "  relay      " + text_of(relay, "state");
    const auto parked = optional_text_of(relay, "parkedReason");
    out += (parked.empty() ? "" : ": " + printable(parked)) + '\n';
    if (const auto* const tally = member_of(way, "sockets").if_object()) {
        out += "  open tabs  " + std::to_string(number_of(*tally, "listeners")) + ", written to " +
               std::to_string(number_of(*tally, "written")) + ", acknowledged by " +
               std::to_string(number_of(*tally, "acknowledged"));
        const auto ended = number_of(*tally, "ended");
        out += (ended == 0 ? "" : ", closed for it " + std::to_string(ended)) + '\n';
    }
    const auto why_not = optional_text_of(way, "whyNot");
    return out + (why_not.empty() ? "" : "  why not    " + why_not + '\n');
}

exit_code tell_ended(desk& at, std::size_t count) {
    if (at.as_json()) {
        print_json(json::object{{"ended", count}});
    } else {
        print("Ended: " + counted(count, "session", "sessions") + ".\n");
    }
    return exit_code::done;
}

json::array sessions_of(api& server, const std::string& user) {
    return member_of(server.get("/api/admin/users/" + user + "/sessions").object(), "items").as_array();
}

}  // namespace

exit_code list(desk& at) {
    const auto& wanted = at.given.list;
    std::string path = "/api/admin/stage-managers";
    append_parameter(path, "status", wanted.status);
    append_parameter(path, "q", wanted.search);
    json::object last;
    const auto people = items_of(at.server, path, wanted.limit, &last);
    if (at.as_json()) {
        print_json(json::object{{"items", people}, {"totals", member_of(last, "totals")}});
        return exit_code::done;
    }
    table rows{{"E-MAIL", "STATUS", "REGISTERED (UTC)", "ID", "NAME"}};
    for (const auto& item : people) {
        const auto& user = item.as_object();
        rows.add({text_of(user, "email"), text_of(user, "status"), shown_time(text_of(user, "createdAt")), text_of(user, "id"),
                  text_of(user, "displayName")});
    }
    if (rows.rows() > 0) print(rows.text(page_width()) + '\n');
    print((rows.rows() == 0 ? "Nobody. " : "") + std::string{"In all: "} + shown_totals(member_of(last, "totals").as_object()));
    return exit_code::done;
}

exit_code show(desk& at) {
    const auto id = find_person(at.server, at.given.show.front());
    const auto history = items_of(at.server, "/api/admin/audit?user=" + id, limits::page_max);
    const auto open = sessions_of(at.server, id);
    const json::object* facts = nullptr;
    for (const auto& entry : history) {
        const auto& after = member_of(entry.as_object(), "after");
        if (!facts && after.is_object()) facts = &after.as_object();
    }
    if (!facts) throw failure{exit_code::not_found, "there is no stage manager " + at.given.show.front()};
    if (at.as_json()) {
        json::object user;
        for (const auto* name : {"id", "email", "displayName", "role", "status", "version"}) user[name] = member_of(*facts, name);
        print_json(json::object{{"user", user}, {"sessions", open}, {"history", history}});
        return exit_code::done;
    }
    const auto line = [](std::string_view what, const std::string& value) {
        return painted(paint::bold, what) + std::string(12 - what.size(), ' ') + value + '\n';
    };
    print(line("E-mail", printable(text_of(*facts, "email"))) + line("Name", printable(text_of(*facts, "displayName"))) +
          line("Status", coloured_status(text_of(*facts, "status"))) + line("Role", text_of(*facts, "role")) +
          line("Id", id) + line("Version", std::to_string(number_of(*facts, "version"))) + '\n');
    const auto width = page_width();
    print(open.empty() ? "Signed in nowhere.\n\n" : session_table(open).text(width) + '\n');
    print(audit_table(history).text(width));
    return exit_code::done;
}

exit_code audit(desk& at) {
    const auto& wanted = at.given.audit;
    std::string path = "/api/admin/audit";
    if (!wanted.who.empty()) append_parameter(path, "user", find_person(at.server, wanted.who));
    if (!wanted.actor.empty()) append_parameter(path, "actor", actor_id(at.server, wanted.actor));
    append_parameter(path, "action", wanted.action);
    append_parameter(path, "since", wanted.since);
    append_parameter(path, "until", wanted.until);
    const auto entries = items_of(at.server, path, wanted.limit);
    if (at.as_json()) {
        print_json(entries);
    } else {
        print(entries.empty() ? std::string{"Nothing.\n"} : audit_table(entries).text(page_width()));
    }
    return exit_code::done;
}

exit_code sessions(desk& at) {
    const auto& wanted = at.given.sessions;
    const auto id = find_person(at.server, wanted.who.front());
    const auto path = "/api/admin/users/" + id + "/sessions";
    if (!wanted.end.empty()) {
        static_cast<void>(at.server.remove(path + '/' + percent_encoded(wanted.end)));
        return tell_ended(at, 1);
    }
    const auto open = sessions_of(at.server, id);
    if (wanted.end_all) {
        if (open.empty() && !at.as_json()) {
            print("Signed in nowhere.\n");
            return exit_code::done;
        }
        if (open.empty()) return tell_ended(at, 0);
        if (!wanted.yes && !confirmed("End " + counted(open.size(), "session", "sessions") + " of " + wanted.who.front() + '?')) {
            throw failure{exit_code::interrupted, "nothing was done"};
        }
        static_cast<void>(at.server.remove(path));
        return tell_ended(at, open.size());
    }
    if (at.as_json()) {
        print_json(open);
    } else {
        print(open.empty() ? "Signed in nowhere.\n" : session_table(open).text(page_width()));
    }
    return exit_code::done;
}

exit_code tokens(desk& at) {
    const auto& wanted = at.given.tokens;
    if (!wanted.what.empty()) {
        const auto& verb = wanted.what.front();
        if ((verb != "create" && verb != "revoke") || wanted.what.size() != 2) {
            throw failure{exit_code::usage, "tokens takes nothing, `create NAME`, or `revoke ID`"};
        }
        if (verb == "revoke") {
            static_cast<void>(at.server.remove("/api/admin/tokens/" + percent_encoded(wanted.what[1])));
            if (at.as_json()) {
                print_json(json::object{{"revoked", wanted.what[1]}});
            } else {
                print("Revoked.\n");
            }
            return exit_code::done;
        }
        const auto made = at.server.post("/api/admin/tokens", json::object{{"name", wanted.what[1]},
                                                                           {"scope", wanted.scope},
                                                                           {"expiresInDays", static_cast<std::int64_t>(wanted.days)}});
        if (at.as_json()) {
            print_json(made.body);
        } else {
            print(text_of(made.object(), "token") + '\n');  // alone, so that $(…) takes it
        }
        return exit_code::done;
    }
    const auto all = items_of(at.server, "/api/admin/tokens", 10'000);
    if (at.as_json()) {
        print_json(all);
        return exit_code::done;
    }
    table rows{{"ID", "SCOPE", "OWNER", "EXPIRES (UTC)", "LAST USED (UTC)", "NAME"}};
    for (const auto& item : all) {
        const auto& token = item.as_object();
        const auto revoked = optional_text_of(token, "revokedAt");
        rows.add({text_of(token, "id"), text_of(token, "scope"), shown_name(token, "owner"),
                  revoked.empty() ? shown_time(text_of(token, "expiresAt")) : "revoked", shown_time(optional_text_of(token, "lastUsedAt")),
                  text_of(token, "name")});
    }
    print(rows.rows() == 0 ? "No tokens.\n" : rows.text(page_width()));
    return exit_code::done;
}

exit_code events(desk& at) {
    if (at.given.events.ids.empty()) {
        const auto parked = member_of(at.server.get("/api/admin/events?state=parked").object(), "items").as_array();
        if (at.as_json()) {
            print_json(parked);
        } else if (parked.empty()) {
            print("No event is parked.\n");
        } else {
            table rows{{"COMMITTED (UTC)", "USER", "EVENT OR SESSION", "TRIES", "WHY"}};
            for (const auto& item : parked) {
                const auto& event = item.as_object();
                const auto id = optional_text_of(event, "eventId");
                rows.add({shown_time(text_of(member_of(event, "committed").as_object(), "at")), text_of(event, "userId"),
                          id.empty() ? optional_text_of(event, "sessionId") : id, std::to_string(number_of(event, "attempts")),
                          text_of(event, "parkedReason")});
            }
            print(rows.text(page_width()));
        }
        return exit_code::done;
    }
    json::array all;
    for (const auto& id : at.given.events.ids) {
        auto given = at.server.get("/api/admin/events/" + percent_encoded(id));
        static_cast<void>(member_of(given.object(), "event"));
        all.push_back(std::move(given.body));
    }
    if (at.as_json()) {
        print_json(all);
    } else {
        for (const auto& way : all) print(shown_way(way.as_object()));
    }
    return exit_code::done;
}

}  // namespace stagedoor::ctl
