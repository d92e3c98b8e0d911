// Registrations and decisions as they happen: read from the audit log, which has each of them once and in order, and may
// be read on after whatever kept us from it. With a login notify-service's event stream says when to look; without it, or
// with an API token, which opens no stream, it is looked every second.
#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <cstdio>
#include <optional>
#include <utility>

#include "auth-service/stagectl/audit_follower.hpp"
#include "auth-service/stagectl/bell.hpp"
#include "auth-service/stagectl/commands.hpp"
#include "auth-service/stagectl/listing.hpp"
#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/print.hpp"

namespace stagedoor::ctl {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr std::array<std::string_view, 6> told_actions{"registered", "approved", "rejected", "reconsidered", "suspended", "reinstated"};
constexpr std::size_t longest_action = 12;

constexpr milliseconds gathering = 50ms;  // after it has rung: what comes in a burst is read together
constexpr milliseconds unheard_interval = 1s;
constexpr milliseconds heard_interval = 10s;  // a bell may be deaf without knowing it
constexpr milliseconds last_pause = 10s;      // while the server is away

bool is_told(const json::object& entry) { return std::ranges::find(told_actions, text_of(entry, "action")) != told_actions.end(); }

void tell(const desk& at, const json::object& entry) {
    if (at.as_json()) {
        print(json::serialize(entry) + '\n');  // one line each: they never end
        return;
    }
    const auto action = text_of(entry, "action");
    const auto whom = shown_name(entry, "user"), who = shown_name(entry, "actor");
    const auto reason = optional_text_of(entry, "reason");
    print(shown_moment(text_of(entry, "at")) + "  " + painted(paint::bold, action) + std::string(longest_action - action.size() + 2, ' ') +
          printable(whom) + (who == whom ? "" : "  by " + printable(who)) + (reason.empty() ? "" : "  (" + printable(reason) + ')') + '\n');
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
    if (url.starts_with('/')) url = server.at().server + url;
    if (server.at().server.starts_with("https:") && url.starts_with("http:")) {
        throw failure{exit_code::not_understood, "the server names " + url + " for its events, which is not safe: give --notify-url"};
    }
    return url;
}

class watcher {
public:
    explicit watcher(desk& at) : at_{at}, log_{at.server} {
        if (at.server.who().token.empty()) hang_bell();
        if (output_is_terminal()) remark("watching " + at.server.at().server + "; Ctrl-C leaves");
    }

    exit_code run() {
        while (!interrupted()) {
            if (!look()) return exit_code::done;
            wait();
        }
        return exit_code::interrupted;
    }

private:
    void hang_bell() {
        const auto& given = at_.given.watch.notify_url;
        try {
            bell_.emplace(at_.server.at(), at_.server.who(), given.empty() ? events_url(at_.server) : given);
        } catch (const failure& why) {
            if (why.code() == exit_code::interrupted) throw;
            complain_of_bell(why.what());
        }
    }

    // Once: what happens is told all the same, a little later.
    void complain_of_bell(const std::string& why) {
        if (std::exchange(complained_, true)) return;
        remark("the server's event stream cannot be heard (" + why + "): looking once a second instead");
    }

    // False: there is no more to be shown.
    bool look() {
        try {
            const bool goes_on = log_.catch_up([this](const json::array& entries) { return take(entries); });
            if (std::exchange(away_, false)) remark("the server answers again; going on");
            pause_ = unheard_interval;
            if (log_.has_gone_back()) remark("the server's database is an older copy now: what it has lost cannot be told");
            return goes_on;
        } catch (const failure& why) {
            if (why.code() == exit_code::interrupted) return true;
            if (!why.is_away()) throw;
            if (!std::exchange(away_, true)) remark(std::string{why.what()} + "; going on when it answers again, without a gap");
            pause_ = std::min(pause_ * 2, last_pause);
            return true;
        }
    }

    bool take(const json::array& entries) {
        const auto wanted = at_.given.watch.count;
        for (const auto& item : entries) {
            const auto& entry = item.as_object();
            if (!is_told(entry)) continue;
            tell(at_, entry);
            if (++seen_ == wanted) return false;
        }
        return true;
    }

    void wait() {
        if (away_ || !bell_) return sleep_for(jittered(pause_));
        const bool rang = bell_->wait(bell_->is_heard() ? heard_interval : unheard_interval);
        if (rang) sleep_for(gathering);
        if (!bell_->complaint().empty()) complain_of_bell(bell_->complaint());
    }

    desk& at_;
    audit_follower log_;
    std::optional<bell> bell_;
    std::size_t seen_ = 0;
    milliseconds pause_ = unheard_interval;
    bool away_ = false;
    bool complained_ = false;
};

}  // namespace

exit_code watch(desk& at) { return watcher{at}.run(); }

}  // namespace stagedoor::ctl
