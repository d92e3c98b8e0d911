// Registrations and decisions as they happen. With a login they come from notify-service, as consoles get them; with an
// API token, which opens no stream, the audit log is read again and again.
#include <algorithm>
#include <boost/json.hpp>
#include <thread>

#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/print.hpp"
#include "auth-service/stagectl/table.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr std::string_view event_prefix = "stagedoor.stage_manager.";

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

exit_code watch_stream(desk& at, const std::string& url) {
    std::size_t seen = 0;
    std::string cursor;
    const auto wanted = at.given.watch.count;
    for (auto pause = 500ms; !interrupted(); pause = std::min(pause * 2, 10'000ms)) {
        try {
            at.server.stream(url + (cursor.empty() ? "" : "?cursor=" + percent_encoded(cursor)), [&](std::string_view line) {
                if (!line.starts_with("data:")) return true;
                json::error_code wrong;
                const auto event = json::parse(line.substr(5), wrong);
                if (wrong || !event.is_object()) return true;
                const auto& frame = event.as_object();
                if (const auto at_cursor = optional_text_of(frame, "cursor"); !at_cursor.empty()) cursor = at_cursor;
                pause = 500ms;
                if (!text_of(frame, "type").starts_with(event_prefix)) return true;
                tell(at, frame);
                return wanted == 0 || ++seen < wanted;
            });
        } catch (const failure& why) {
            if (why.code() != exit_code::unreachable && why.code() != exit_code::unavailable) throw;
            if (cursor.empty()) throw;  // it never worked
        }
        if (wanted != 0 && seen >= wanted) return exit_code::done;
        if (!interrupted()) std::this_thread::sleep_for(pause);
    }
    return exit_code::interrupted;
}

// The entries that are newer than `last`, oldest first.
json::array newer_entries(api& server, std::int64_t& last) {
    const auto page = server.get("/api/admin/audit?limit=200");
    json::array fresh;
    for (const auto& item : member_of(page.object(), "items").as_array()) {
        if (number_of(item.as_object(), "id") > last) fresh.insert(fresh.begin(), item);
    }
    if (!fresh.empty()) last = number_of(fresh.back().as_object(), "id");
    return fresh;
}

exit_code watch_audit(desk& at) {
    std::int64_t last = 0;
    static_cast<void>(newer_entries(at.server, last));
    std::size_t seen = 0;
    const auto wanted = at.given.watch.count;
    while (!interrupted()) {
        for (const auto& item : newer_entries(at.server, last)) {
            const auto& entry = item.as_object();
            const auto* const user = member_of(entry, "user").if_object();
            if (!user) continue;
            if (at.as_json()) {
                print(json::serialize(entry) + '\n');
            } else {
                print(shown_time(text_of(entry, "at")) + "  " + painted(paint::bold, text_of(entry, "action")) + "  " +
                      printable(optional_text_of(*user, "email")) + '\n');
            }
            if (wanted != 0 && ++seen >= wanted) return exit_code::done;
        }
        std::this_thread::sleep_for(1s);
    }
    return exit_code::interrupted;
}

}  // namespace

exit_code watch(desk& at) {
    if (!at.server.who().token.empty()) return watch_audit(at);
    return watch_stream(at, at.given.watch.notify_url.empty() ? "/events" : at.given.watch.notify_url);
}

}  // namespace stagedoor::ctl
