#include "auth-service/stagectl/bell.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "auth-service/stagectl/patience.hpp"
#include "auth-service/stagectl/terminal.hpp"

namespace stagedoor::ctl {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr milliseconds first_pause = 500ms;
constexpr milliseconds last_pause = 10s;
constexpr milliseconds asked_pause_max = 30s;  // a node that asks for more may be back earlier
constexpr milliseconds lasting = 1s;           // a stream that lives so long works
constexpr long greeting_seconds = 30;          // a stream that says nothing at all is given up then
constexpr milliseconds look_up = 250ms;        // libcurl may sleep through Ctrl-C

}  // namespace

bell::bell(server_settings at, credential who, std::string url)
    : at_{std::move(at)}, who_{std::move(who)}, url_{std::move(url)}, multi_{::curl_multi_init()}, pause_{first_pause} {
    if (!multi_) throw failure{exit_code::usage, "libcurl does not work on this machine"};
}

bell::~bell() {
    if (connected_) ::curl_multi_remove_handle(multi_, exchange_.handle());
    ::curl_multi_cleanup(multi_);
}

bool bell::wait(milliseconds within) {
    const auto until = clock::now() + within;
    while (!interrupted()) {
        const auto now = clock::now();
        if (!connected_ && now >= next_try_) connect();
        const auto to = connected_ ? until : std::min(until, next_try_);
        const auto left = std::clamp(std::chrono::ceil<milliseconds>(to - now), milliseconds{0}, look_up);
        if (connected_) {
            ::curl_multi_poll(multi_, nullptr, 0, static_cast<int>(left.count()), nullptr);
            drain();
        } else {
            sleep_for(left);
        }
        if (std::exchange(rung_, false)) return true;
        if (clock::now() >= until) return false;
    }
    return false;
}

void bell::connect() {
    stream_.reset();
    auto* const curl = exchange_.handle();
    exchange_.prepare(at_, who_, "GET", url_, "text/event-stream");
    ::curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &bell::on_body);
    ::curl_easy_setopt(curl, CURLOPT_WRITEDATA, this);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    ::curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, greeting_seconds);
    connected_ = ::curl_multi_add_handle(multi_, curl) == CURLM_OK;
    if (!connected_) next_try_ = clock::now() + last_pause;
    drain();
}

// Everything that has come by now.
void bell::drain() {
    int running = 0;
    ::curl_multi_perform(multi_, &running);
    if (stream_.take_news()) rung_ = true;
    if (stream_.is_welcomed() && !greeted_) {
        greeted_ = ever_heard_ = true;
        greeted_at_ = clock::now();
        complaint_.clear();
    }
    int queued = 0;
    const auto* const said = ::curl_multi_info_read(multi_, &queued);
    if (said && said->msg == CURLMSG_DONE) on_end(said->data.result);
}

void bell::on_end(CURLcode outcome) {
    exchange_.note_outcome();
    ::curl_multi_remove_handle(multi_, exchange_.handle());
    connected_ = false;
    const auto& heard = exchange_.heard;
    if (!ever_heard_) {
        complaint_ = heard.status == 0      ? ::curl_easy_strerror(outcome)
                     : heard.status != 200  ? "it answers " + std::to_string(heard.status)
                     : heard.is_event_stream ? "it ends at once"
                                             : "it is no event stream";
    }
    rung_ = true;  // something may have happened since
    const bool was_greeted = std::exchange(greeted_, false);
    if (was_greeted && clock::now() - greeted_at_ >= lasting) {
        pause_ = first_pause;
        at_once_ = false;
    }
    at_once_ = was_greeted && stream_.advice() == reconnect_advice::now && !at_once_;
    if (at_once_) {
        next_try_ = clock::now();
        return;
    }
    auto wait = jittered(std::exchange(pause_, std::min(pause_ * 2, last_pause)));
    if (stream_.advice() == reconnect_advice::after) wait = std::max(stream_.after(), was_greeted ? 0ms : wait);
    if (heard.retry_after) wait = std::max<milliseconds>(wait, *heard.retry_after);
    next_try_ = clock::now() + std::min(wait, asked_pause_max);
}

std::size_t bell::on_body(char* data, std::size_t, std::size_t size, void* self) {
    auto& here = *static_cast<bell*>(self);
    if (!here.exchange_.heard.is_event_stream) return size;  // a page or a problem: nobody reads it
    const bool fine = here.stream_.take({data, size});
    if (const auto silence = here.stream_.silence_max()) {
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(*silence).count();
        ::curl_easy_setopt(here.exchange_.handle(), CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
    }
    return fine ? size : 0;
}

}  // namespace stagedoor::ctl
