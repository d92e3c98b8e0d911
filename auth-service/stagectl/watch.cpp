// Registrations and decisions as they happen. With a login they come from notify-service, as consoles get them; with an
// API token, which opens no stream, the audit log is read again and again.
#include <algorithm>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <utility>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view event_prefix = "stagedoor.stage_manager.";
// After a cut the feed comes back this soon at first, and this late at last.
constexpr std::chrono::milliseconds first_pause = 500ms;
constexpr std::chrono::milliseconds last_pause = 10s;
constexpr std::chrono::milliseconds audit_interval = 1s;

void tell(const desk& at, const json::object& event) {
    if (at.as_json()) {
        print(json::serialize(event) + '\n');  // one line each: they never end
        return;
    }
    const auto& data = member_of(event, "data").as_object();
    const auto& user = member_of(data, "user").as_object();
    const auto reason = optional_text_of(data, "reason");
    print(shown_time(text_of(event, "time")) + "  " + painted(paint::bold, text_of(event, "type").substr(event_prefix.size())) + "  " +
          printable(text_of(user, "email")) + (reason.empty() ? "" : "  (" + printable(reason) + ')') + '\n');
}

// Said to the person, not to the reader of the output.
void remark(const std::string& line) { std::fputs(("stagectl: " + line + '\n').c_str(), stderr); }

// Where the server's own pages are told to listen (README), and the event stream beside it. failure not_understood: a session that was made
// over https goes nowhere without it.
std::string events_url(const api& server) {
    constexpr std::string_view mark = "name=\"stagedoor-notify-url\" content=\"";
    constexpr std::string_view socket = "/ws";
    api stranger{server.at(), {}};
    const auto page = stranger.call("GET", server.at().server + "/login", nullptr, {}, api::form::text);
    const auto at = page.text.find(mark);
    auto url = at == std::string::npos ? std::string{socket} : page.text.substr(at + mark.size());
    url.erase(std::min(url.find('"'), url.size()));
    if (url.ends_with(socket)) url.replace(url.size() - socket.size(), socket.size(), "/events");
    if (url.starts_with("ws")) url.replace(0, 2, "http");  // wss is https
    if (server.at().server.starts_with("https:") && url.starts_with("http:")) {
        throw failure{exit_code::not_understood, "the server names " + url + " for its events, which is not safe: give --notify-url"};
    }
    return url;
}

// What happens until Ctrl-C or `count`: from where it has come to, after whatever cuts it off.
class feed {
public:
    feed(desk& at, std::string url) : at_{at}, url_{std::move(url)} {}

    // False: there is no more to be shown.
    bool listen() {
        const auto from = cursor_.empty() ? "" : "?cursor=" + percent_encoded(cursor_);
        refresh_ = false;
        at_.server.stream(url_ + from, [&](std::string_view line) {
            if (!line.starts_with("data:")) return true;
            json::error_code wrong;
            const auto event = json::parse(line.substr(5), wrong);
            return wrong || !event.is_object() || take(event.as_object());
        });
        // This node does not know the session (4404): to be seen by auth-service makes it known again.
        if (refresh_) static_cast<void>(at_.server.get("/api/auth/me"));
        return !is_done();
    }

    bool has_begun() const noexcept { return !cursor_.empty(); }
    // Since the last call.
    bool has_moved() noexcept { return std::exchange(moved_, false); }

private:
    bool take(const json::object& frame) {
        moved_ = true;
        const auto type = text_of(frame, "type");
        if (const auto cursor = optional_text_of(frame, "cursor"); !cursor.empty()) cursor_ = cursor;
        if (type == "stagedoor.connection.welcome") note_welcome(frame);
        if (type == "stagedoor.connection.closing") {
            refresh_ = optional_text_of(member_of(frame, "data").as_object(), "reconnect") == "after-refresh";
        }
        if (!type.starts_with(event_prefix)) return true;
        tell(at_, frame);
        ++seen_;
        return !is_done();
    }

    void note_welcome(const json::object& frame) {
        const auto& data = member_of(frame, "data").as_object();
        const auto* const of_all = data.if_contains("feed");  // what admins hear of everybody, beside what they hear of themselves
        if (of_all && of_all->is_null()) return;              // not yet: another welcome tells of it
        const auto* const resumed = (of_all && of_all->is_object() ? of_all->as_object() : data).if_contains("resumed");
        const bool all_there = resumed && resumed->is_bool() && resumed->as_bool();
        if (std::exchange(welcomed_, true) && !all_there) remark("something may be missing here: `stagectl audit` has it");
    }

    bool is_done() const noexcept {
        const auto wanted = at_.given.watch.count;
        return wanted != 0 && seen_ >= wanted;
    }

    desk& at_;
    const std::string url_;
    std::string cursor_;
    std::size_t seen_ = 0;
    bool welcomed_ = false;
    bool moved_ = false;
    bool refresh_ = false;
};

exit_code watch_stream(desk& at, const std::string& url) {
    feed events{at, url};
    for (auto pause = first_pause; !interrupted(); pause = std::min(pause * 2, last_pause)) {
        try {
            if (!events.listen()) return exit_code::done;
        } catch (const failure& why) {
            if (!why.is_away() || !events.has_begun()) throw;  // it never worked
        }
        if (events.has_moved()) pause = first_pause;
        if (!interrupted()) sleep_for(pause);
    }
    return exit_code::interrupted;
}

// The entries that are newer than `last`, oldest first.
json::array newer_entries(api& server, std::int64_t& last) {
    json::array fresh;
    std::string cursor;
    do {
        const auto page = server.get("/api/admin/audit?limit=200" + (cursor.empty() ? "" : "&cursor=" + percent_encoded(cursor)));
        cursor = optional_text_of(page.object(), "nextCursor");
        for (const auto& item : member_of(page.object(), "items").as_array()) {
            const bool known = number_of(item.as_object(), "id") <= last;
            if (known) cursor.clear();
            if (!known) fresh.push_back(item);
        }
    } while (!cursor.empty() && last > 0);
    std::ranges::reverse(fresh);
    for (const auto& each : fresh) last = std::max(last, number_of(each.as_object(), "id"));
    return fresh;
}

void tell_entry(const desk& at, const json::object& entry, const json::object& user) {
    if (at.as_json()) {
        print(json::serialize(entry) + '\n');
    } else {
        print(shown_time(text_of(entry, "at")) + "  " + painted(paint::bold, text_of(entry, "action")) + "  " +
              printable(optional_text_of(user, "email")) + '\n');
    }
}

exit_code watch_audit(desk& at) {
    std::int64_t last = 0;
    static_cast<void>(newer_entries(at.server, last));
    std::size_t seen = 0;
    const auto wanted = at.given.watch.count;
    for (auto pause = audit_interval; !interrupted(); sleep_for(pause)) {
        json::array fresh;
        try {
            fresh = newer_entries(at.server, last);
            pause = audit_interval;
        } catch (const failure& why) {
            if (why.code() == exit_code::interrupted) break;
            if (!why.is_away()) throw;
            pause = std::min(pause * 2, last_pause);
        }
        for (const auto& item : fresh) {
            const auto* const user = member_of(item.as_object(), "user").if_object();
            if (!user) continue;
            tell_entry(at, item.as_object(), *user);
            if (wanted != 0 && ++seen >= wanted) return exit_code::done;
        }
    }
    return exit_code::interrupted;
}

}  // namespace

exit_code watch(desk& at) {
    if (!at.server.who().token.empty()) return watch_audit(at);
    return watch_stream(at, at.given.watch.notify_url.empty() ? events_url(at.server) : at.given.watch.notify_url);
}

}  // namespace stagedoor::ctl
