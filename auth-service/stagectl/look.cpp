// Who there is, what happened to them, and where they are signed in.
#include <boost/json.hpp>

#include "auth-service/stagectl/audit_view.hpp"
#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/listing.hpp"
#include "auth-service/stagectl/people.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/written_time.hpp"
#include "common/core/limits.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;

// Of the history that `show` has for people: more would push the status out of sight.
constexpr std::size_t shown_history = 20;

std::string coloured_status(const std::string& status) {
    if (status == "pending") return painted(paint::yellow, status);
    if (status == "active") return painted(paint::green, status);
    return painted(paint::red, status);
}

std::string shown_totals(const json::object& totals) {
    std::string out;
    for (const auto& [status, count] : totals) {
        out += (out.empty() ? "" : ", ") + std::to_string(count.as_int64()) + ' ' + std::string{status};
    }
    return out + '\n';
}

std::string audit_path(const std::string& user) { return "/api/admin/audit?user=" + user; }

table session_table(const json::array& items) {
    table rows{{"SESSION", "DEVICE", "ADDRESS", "SIGNED IN (UTC)", "LAST SEEN (UTC)"}};
    for (const auto& item : items) {
        const auto& session = item.as_object();
        rows.add({text_of(session, "id"), optional_text_of(session, "device"), optional_text_of(session, "address"),
                  shown_time(text_of(session, "createdAt")), shown_time(optional_text_of(session, "lastSeenAt"))});
    }
    return rows;
}

exit_code tell_ended(desk& at, std::size_t count) {
    if (at.as_json()) {
        print_json(json::object{{"ended", count}});
    } else {
        print("Ended: " + counted(count, "session", "sessions") + ".\n");
    }
    return exit_code::done;
}

std::string sessions_path(const std::string& user) { return "/api/admin/users/" + user + "/sessions"; }

json::array sessions_of(api& server, const std::string& user) {
    const auto given = find_or_name("user " + user, [&] { return server.get(sessions_path(user)); });
    return member_of(given.object(), "items").as_array();
}

void show_facts(const json::object& user) {
    const auto line = [](std::string_view what, const std::string& value) {
        return painted(paint::bold, what) + std::string(12 - what.size(), ' ') + value + '\n';
    };
    print(line("E-mail", printable(text_of(user, "email"))) + line("Name", printable(text_of(user, "displayName"))) +
          line("Status", coloured_status(text_of(user, "status"))) + line("Role", text_of(user, "role")) +
          line("Registered", shown_moment(text_of(user, "createdAt"))) + line("Id", text_of(user, "id")) +
          line("Version", std::to_string(number_of(user, "version"))) + '\n');
}

exit_code end_all_sessions(desk& at, const std::string& id, std::size_t open) {
    const auto& wanted = at.given.sessions;
    if (open == 0 && !at.as_json()) {
        print("Signed in nowhere.\n");
        return exit_code::done;
    }
    if (open == 0) return tell_ended(at, 0);
    if (!wanted.yes && !confirmed("End " + counted(open, "session", "sessions") + " of " + wanted.who.front() + '?')) {
        throw failure{exit_code::interrupted, "nothing was done"};
    }
    static_cast<void>(at.server.remove(sessions_path(id)));
    return tell_ended(at, open);
}

// "" for "". That it is a time the option has seen to.
std::string exact_time(const std::string& written) {
    const auto time = parse_written_time(written, system_now());
    return time ? format_rfc3339(*time) : std::string{};
}

// A user's id; a part of the system ("sql", "create-admin") is called what it calls itself.
std::string actor_id(api& server, const std::string& written) {
    return written.find('@') == std::string::npos ? written : find_user_id(server, written);
}

}  // namespace

exit_code list(desk& at) {
    const auto& wanted = at.given.list;
    std::string path = "/api/admin/stage-managers";
    append_parameter(path, "status", wanted.status);
    append_parameter(path, "q", wanted.search);
    auto people = items_of(at.server, path, wanted.limit);
    const auto& totals = member_of(people.last_page, "totals").as_object();
    if (at.as_json()) {
        print_list(std::move(people.items), {{"more", people.more}, {"totals", totals}});
        return exit_code::done;
    }
    table rows{{"E-MAIL", "STATUS", "REGISTERED (UTC)", "ID", "NAME"}};
    for (const auto& item : people.items) {
        const auto& user = item.as_object();
        rows.add({text_of(user, "email"), text_of(user, "status"), shown_time(text_of(user, "createdAt")), text_of(user, "id"),
                  text_of(user, "displayName")});
    }
    if (rows.rows() > 0) print_table(rows);
    if (people.more) print_more("a larger --limit shows them.");
    print((rows.rows() == 0 ? "Nobody. " : "\n") + std::string{"In all: "} + shown_totals(totals));
    return exit_code::done;
}

exit_code show(desk& at) {
    const auto user = find_user(at.server, at.given.show.front());
    const auto id = text_of(user, "id");
    const auto open = sessions_of(at.server, id);
    auto history = items_of(at.server, audit_path(id), limits::page_max);
    if (at.as_json()) {
        print_json(json::object{{"user", user}, {"sessions", open}, {"history", history.items}, {"moreHistory", history.more}});
        return exit_code::done;
    }
    show_facts(user);
    if (open.empty()) {
        print("Signed in nowhere.\n\n");
    } else {
        print_table(session_table(open));
        print("\n");
    }
    print_table(audit_table(history.items, shown_history));
    if (history.items.size() > shown_history) print_more("`stagectl audit --who " + printable(at.given.show.front()) + "` has the whole history.");
    return exit_code::done;
}

exit_code audit(desk& at) {
    const auto& wanted = at.given.audit;
    std::string path = "/api/admin/audit";
    if (!wanted.who.empty()) append_parameter(path, "user", find_user_id(at.server, wanted.who));
    if (!wanted.actor.empty()) append_parameter(path, "actor", actor_id(at.server, wanted.actor));
    append_parameter(path, "action", wanted.action);
    append_parameter(path, "since", exact_time(wanted.since));
    append_parameter(path, "until", exact_time(wanted.until));
    auto entries = items_of(at.server, path, wanted.limit);
    if (at.as_json()) {
        print_list(std::move(entries.items), {{"more", entries.more}});
        return exit_code::done;
    }
    if (entries.items.empty()) {
        print("Nothing.\n");
    } else {
        print_table(audit_table(entries.items, entries.items.size()));
    }
    if (entries.more) print_more("--limit shows older ones, --since and --until another time.");
    return exit_code::done;
}

exit_code sessions(desk& at) {
    const auto& wanted = at.given.sessions;
    const auto id = find_user_id(at.server, wanted.who.front());
    if (!wanted.end.empty()) {
        const auto path = sessions_path(id) + '/' + percent_encoded(wanted.end);
        static_cast<void>(find_or_name("session " + wanted.end + " of " + wanted.who.front(), [&] { return at.server.remove(path); }));
        return tell_ended(at, 1);
    }
    auto open = sessions_of(at.server, id);
    if (wanted.end_all) return end_all_sessions(at, id, open.size());
    if (at.as_json()) {
        print_list(std::move(open));
    } else if (open.empty()) {
        print("Signed in nowhere.\n");
    } else {
        print_table(session_table(open));
    }
    return exit_code::done;
}

}  // namespace stagedoor::ctl
