#include "auth-service/stagectl/patience.hpp"

#include <algorithm>
#include <optional>
#include <random>

#include "common/core/uuid.hpp"

namespace stagedoor::ctl {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

// A call is made again this soon at first, and this late at last.
constexpr milliseconds first_pause = 200ms;
constexpr milliseconds last_pause = 2000ms;
// A server may ask for more by Retry-After; for longer than this it is not taken at its word, since it may be back earlier.
constexpr milliseconds asked_pause_max = 30s;

// A try that was cut off is still under way, says the server: it is soon answered if its process lives. If that died, its
// key would be in flight until limits::kept_answer_lease: then a new key finds out who is still to be decided about.
constexpr auto key_grace = 2s;

std::string make_key() { return format_uuid(make_uuid_v4()); }

bool is_in_flight(const answer& given) { return given.status == 409 && given.problem_code() == "idempotency_key_in_flight"; }

// Before the next try: what the server has asked for, if that is more.
milliseconds wanted_pause(milliseconds ours, const failure& why) {
    const auto asked = why.retry_after().value_or(std::chrono::seconds{0});
    return std::max<milliseconds>(ours, std::min<milliseconds>(asked, asked_pause_max));
}

}  // namespace

milliseconds jittered(milliseconds pause) {
    static std::minstd_rand random{std::random_device{}()};
    return std::chrono::duration_cast<milliseconds>(pause * std::uniform_real_distribution{0.5, 1.0}(random));
}

answer patient_calls::insist(const std::function<answer()>& once) {
    const auto until = steady_clock::now() + patience_;
    bool in_doubt = false;
    for (auto pause = first_pause;; pause = std::min(pause * 2, last_pause)) {
        milliseconds wait{};
        try {
            auto given = once();
            bar_.goes_on();
            return given;
        } catch (const failure& why) {
            in_doubt = in_doubt || why.is_in_doubt();
            const bool nobody_there = !server_.has_answered() && why.code() == exit_code::unreachable;
            const auto left = std::chrono::duration_cast<milliseconds>(until - steady_clock::now());
            const auto asked = wanted_pause(pause, why);
            if (!why.is_away() || nobody_there || left < asked) throw in_doubt ? why.in_doubt() : why;
            bar_.waits(why.what(), left);
            wait = asked > pause ? asked : jittered(pause);
        }
        sleep_for(wait);
        const failure stopped{exit_code::interrupted, "interrupted"};
        if (interrupted()) throw in_doubt ? stopped.in_doubt() : stopped;
    }
}

answer patient_calls::get(std::string_view path) {
    return insist([&] { return server_.get(path); });
}

posted patient_calls::post(std::string_view path, const boost::json::value& body) {
    auto key = make_key();
    bool cut_off = false;
    std::optional<steady_clock::time_point> in_flight_since;
    auto given = insist([&] {
        try {
            auto said = server_.call("POST", server_.at().server + std::string{path}, &body, key);
            if (!is_in_flight(said)) return server_.checked(std::move(said));
        } catch (const failure& why) {
            cut_off = cut_off || why.is_in_doubt();
            throw;
        }
        const auto now = steady_clock::now();
        if (!in_flight_since) in_flight_since = now;
        if (now - *in_flight_since > key_grace) {
            key = make_key();
            in_flight_since.reset();
        }
        throw failure{exit_code::unavailable, "an earlier try is still under way"}.in_doubt();
    });
    const bool again = cut_off && !given.replayed;
    return {std::move(given), again};
}

}  // namespace stagedoor::ctl
