#include "auth-service/stagectl/options.hpp"

#include "auth-service/stagectl/credentials.hpp"
#include "auth-service/stagectl/failure.hpp"
#include "auth-service/stagectl/shapes.hpp"
#include "auth-service/stagectl/written_time.hpp"
#include "common/core/origin.hpp"

namespace stagedoor::ctl {
namespace {

using namespace config;
using namespace std::chrono_literals;

constexpr std::size_t people_max = 10'000;  // of one call by name; a file or --all-pending takes more

bool is_http_origin(std::string_view text) {
    return text.empty() || ((text.starts_with("http://") || text.starts_with("https://")) && parse_origin(text).has_value());
}

bool is_http_url(std::string_view text) {
    return text.empty() || ((text.starts_with("http://") || text.starts_with("https://")) && text.find(' ') == std::string_view::npos);
}

bool is_status(std::string_view text) {
    return text == "pending" || text == "active" || text == "rejected" || text == "suspended";
}

bool is_scope(std::string_view text) { return text == "read" || text == "approve"; }

bool is_time(std::string_view text) { return text.empty() || parse_written_time(text, system_now()).has_value(); }
constexpr auto time_form = "a time like 2026-11-25 19:00 (UTC), a day, or how long ago: 90m, 2h, 7d";

void add_common(option_set& set, common_options& o) {
    set.group("Server");
    set.add("server", o.server, text("URL", "http://HOST:PORT or https://HOST, without a path", is_http_origin), "",
            "The auth-service, as browsers reach it.")
        .show_default("the server of the last login");
    set.add("token", o.token, hidden("TOKEN"), {},
            "An API token, in the place of a login. Give it by the environment: command lines can be read by everybody.");
    set.add("ca-file", o.ca_file, config::path(), std::filesystem::path{}, "Certificates to trust, in the place of the system's.");
    set.add("timeout", o.timeout, duration{100ms, 10min}, 15s, "How long one call may take.");
    set.add("credentials-file", o.credentials, config::path(), std::filesystem::path{}, "Where a login is kept, mode 0600.")
        .show_default("stagedoor/credentials.json in XDG_CONFIG_HOME or ~/.config");
    set.group("Output");
    set.add("output", o.output, one_of<output_format>({{"table", output_format::table}, {"json", output_format::json}}),
            output_format::table, "A table for people, or JSON for scripts.");
    set.add("colour", o.colour,
            one_of<colour_use>({{"auto", colour_use::automatic}, {"always", colour_use::always}, {"never", colour_use::never}}),
            colour_use::automatic, "auto: on a terminal, unless NO_COLOR is set.");
}

// The options of its own come first, those of every command behind them: define() adds them.
option_set& command(program& in, std::string name, std::string summary) {
    auto& set = in.command(std::move(name), std::move(summary));
    set.group("This command");
    return set;
}

void add_decision(program& in, options& into, const std::string& name, const std::string& summary, bool from_pending) {
    auto& o = into.decision;
    auto& set = command(in, name, summary);
    set.take_operands("WHO", o.who, 0, people_max, "E-mails or ids; `-` reads them from standard input.");
    set.add("file", o.file, config::path(), std::filesystem::path{},
            "E-mails or ids from a file: one on each line, or CSV with a column `email` or `id`, as spreadsheets write it.").only_as_flag();
    if (from_pending) {
        set.add("all-pending", o.all_pending, on_off(), false, "Everybody who waits. Asks first, unless --yes.").only_as_flag();
    }
    set.add("yes", o.yes, on_off(), false, "Asks nothing.").only_as_flag();
    set.add("reason", o.reason, text("TEXT"), "", "What the person is told, and the audit log.").only_as_flag();
    set.add("wait-delivered", o.wait_delivered, duration{0ms, 1h}, 0ms,
            "Waits until the person's open tabs have acknowledged it, or have turned out to be none.").only_as_flag();
    set.add("patience", o.patience, duration{0ms, 1h}, 60s,
            "How long it is tried again while the server is away or busy. Nothing is done twice by that.").only_as_flag();
    set.add("batch", o.batch, integer{1, 10'000, "people"}, 2'000, "How many are decided in one call.").only_as_flag();
    set.example(name + " ada@example.com --reason 'Welcome to the house'", "Decides about one person.");
    set.example(name + " --file people.csv --output json", "Decides about many; the output has an outcome for each.");
    if (from_pending) set.example(name + " --all-pending --yes", "Decides about all who wait. Run it again to go on after Ctrl-C.");
}

std::string exit_codes() {
    std::string out;
    for (const auto& [code, meaning] : exit_meanings) {
        out += (out.empty() ? "" : "\n\n") + std::to_string(static_cast<int>(code)) + "  " + std::string{meaning};
    }
    return out;
}

std::string json_output() {
    std::string out =
        "--output json prints one value, or for watch one on each line. A list is an object with items; more says that there are others "
        "beyond --limit. Members are added, never taken away.";
    for (const auto& [call, shape] : json_shapes) out += "\n\n" + std::string{call} + ": " + std::string{shape};
    return out;
}

}  // namespace

void define(program& program, options& into) {
    auto& login = command(program, "login", "Signs in, and keeps the session (or a token) for the next calls.");
    login.add("email", into.login.email, text("E-MAIL"), "", "An admin's. Asked for when it is missing.").only_as_flag();
    login.add("password-stdin", into.login.password_stdin, on_off(), false,
              "Reads the password from the first line of standard input.").only_as_flag();
    login.add("token-stdin", into.login.token_stdin, on_off(), false,
              "Keeps an API token, read from the first line of standard input, instead of signing in.").only_as_flag();
    login.example("login --server https://stage.example.com --email admin@example.com", "Asks for the password.");
    command(program, "logout", "Ends the session that login has made, and forgets it.");

    auto& list = command(program, "list", "Lists stage managers, newest first, and how many there are by status.");
    list.add("status", into.list.status, text("STATUS", "pending, active, rejected or suspended", is_status), "", "Only people of this status.").only_as_flag();
    list.add("search", into.list.search, text("TEXT"), "", "Only those with this in their e-mail or name.").only_as_flag();
    list.add("limit", into.list.limit, integer{1, 1'000'000, "people"}, 50, "How many at most.").only_as_flag();
    list.example("list --status pending", "Who waits.");

    auto& show = command(program, "show", "Shows one person: status, history, sessions.");
    show.take_operands("WHO", into.show, 1, 1, "An e-mail or an id.");

    add_decision(program, into, "approve", "Lets people in: pending to active.", true);
    add_decision(program, into, "reject", "Turns people down: pending to rejected.", true);
    add_decision(program, into, "reconsider", "Puts people back: rejected to pending.", false);
    add_decision(program, into, "suspend", "Shuts people out and ends their sessions: active to suspended.", false);
    add_decision(program, into, "reinstate", "Lets people in again: suspended to active.", false);

    auto& audit = command(program, "audit", "Who did what to whom, when, from where and why; newest first.");
    audit.add("who", into.audit.who, text("WHO"), "", "Whom it befell: an e-mail or an id.").only_as_flag();
    audit.add("actor", into.audit.actor, text("WHO"), "", "Who did it: an e-mail, an id, or a part of the system: sql, create-admin, ...").only_as_flag();
    audit.add("action", into.audit.action, text("NAME"), "", "What: approved, rejected, session_ended, token_created, denied, ...").only_as_flag();
    audit.add("since", into.audit.since, text("TIME", time_form, is_time), "", "Nothing before it.").only_as_flag();
    audit.add("until", into.audit.until, text("TIME", time_form, is_time), "", "Nothing from then on.").only_as_flag();
    audit.example("audit --since 2h --action denied", "Who was refused what in the last two hours.");
    audit.add("limit", into.audit.limit, integer{1, 1'000'000, "entries"}, 50, "How many at most.").only_as_flag();

    auto& sessions = command(program, "sessions", "Where a person is signed in; ends one session, or all.");
    sessions.take_operands("WHO", into.sessions.who, 1, 1, "An e-mail or an id.");
    sessions.add("end", into.sessions.end, text("ID"), "", "Ends this session.").only_as_flag();
    sessions.add("end-all", into.sessions.end_all, on_off(), false, "Ends all sessions of the person. Asks first, unless --yes.").only_as_flag();
    sessions.add("yes", into.sessions.yes, on_off(), false, "Asks nothing.").only_as_flag();

    auto& tokens = command(program, "tokens", "Lists API tokens; makes or revokes one. Needs a login, not a token.");
    tokens.take_operands("create NAME | revoke ID", into.tokens.what, 0, 2, "Without it they are listed.");
    tokens.add("scope", into.tokens.scope, text("SCOPE", "read or approve", is_scope), "read", "What the new token may do.").only_as_flag();
    tokens.add("days", into.tokens.days, integer{1, 366, "days"}, 90, "How long the new token lives.").only_as_flag();
    tokens.example("tokens create nightly-import --scope approve --days 30", "Prints the token, this once.");

    auto& events = command(program, "events", "The way of an event: committed, relayed, written, acknowledged, or why not.");
    events.take_operands("ID", into.events.ids, 0, 100, "Ids of events, as approve prints them. Nothing: those that are parked.");

    auto& watch = command(program, "watch", "Shows registrations and decisions as they happen, until Ctrl-C.");
    watch.add("notify-url", into.watch.notify_url, text("URL", "http://HOST:PORT/events or https://...", is_http_url), "",
              "The notify-service's /events.").show_default("where the server tells pages to listen");
    watch.add("count", into.watch.count, integer{0, 1'000'000, "events"}, 0, "Leaves after so many; 0: never.").only_as_flag();

    auto& doctor = command(program, "doctor", "Checks the server and what it stands on, and says what to mend.");
    doctor.add("ops-url", into.doctor.ops_url, text("URL", "http://HOST:PORT", is_http_origin), "",
               "auth-service's ops port: readiness is read there as well.");
    doctor.add("notify-ops-url", into.doctor.notify_ops_url, text("URL", "http://HOST:PORT", is_http_origin), "",
               "notify-service's ops port.");

    auto& completion = command(program, "completion", "Prints the completion script of a shell.");
    completion.take_operands("bash|zsh|fish", into.shell, 1, 1, "Which shell.");
    completion.example("completion bash > ~/.local/share/bash-completion/completions/stagectl", "For bash, from the next shell on.");

    for (auto& each : program.commands()) add_common(each.options, into.common);
    program.section("JSON", json_output());
    program.section("EXIT STATUS", exit_codes());
    program.section("FILES",
                    "stagedoor/credentials.json in $XDG_CONFIG_HOME or ~/.config: what login keeps, readable by its owner alone. A file that "
                    "others can read is refused.");
}

}  // namespace stagedoor::ctl
