// A browser, its tabs and a server that rotate one session's token (K2, K3, K6), as a world to be walked whole.
//
// The tabs share one cookie jar. They send checks and refreshes with what is in the jar; requests reach the server in
// any order, answers reach the jar in any order, late or never. The browser may crash and find an earlier cookie on
// its disk. Redis may come back with an older copy, or empty. Time passes in ticks; a request and an answer take up to
// `delay` ticks each, and a crash loses what the jar was told in the last `crash_lag` ticks. All bounds are closed, so
// that whole ticks show every order of events that real time could.
//
// What the server does is the policy's own code. A `breakage` bends a rule, to show that the model would notice.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/session/session_policy.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

enum class breakage {
    none,
    predecessor_dies_at_once,     // a rotation leaves only the new token
    first_use_kills,              // the predecessor dies at the successor's first use
    hand_out_starts_no_grace,     // a successor that is handed out again keeps its first use
    since_is_ignored,             // a first use before Redis came back counts
    rebuilt_without_predecessor,  // a record made again takes one token only
    ahead_is_reused,              // a token that Redis has forgotten ends the session
};

struct bounds {
    int grace = 4;  // ticks
    int delay = 1;
    int crash_lag = 1;
    std::size_t in_flight = 3;
};

struct budget {
    int requests = 6;
    int crashes = 0;
    int copies = 0;    // of Redis, made at any time
    int restores = 0;  // Redis comes back with the copy
    int wipes = 0;     // or with nothing
    bool thief = false;
};

inline constexpr int max_generations = 12;
inline constexpr int never = 7;  // an age in ticks beyond all that matter

class rotation_world {
public:
    rotation_world(bounds time, budget left, breakage broken = breakage::none);

    key_bits key() const;
    std::optional<std::string> wrong() const { return wrong_; }

    void moves(const visitor<rotation_world>& visit) const;

private:
    struct message {
        bool refresh = false;
        bool orphan = false;      // the browser that sent it has crashed
        bool answered = false;    // on its way back, with `token` as its cookie
        int age = 0;              // ticks since it was sent, or answered
        std::uint32_t token = 0;  // generation

        auto operator<=>(const message&) const = default;
    };

    static std::chrono::milliseconds tick_time(const bounds& b) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(limits::rotation_grace) / b.grace;
    }
    session::moment at() const { return {now_, broken_ == breakage::since_is_ignored ? instant{} : since_}; }

    // The trail to a counterexample, a letter for each step:
    //   k check sent   r refresh sent   s check served   S refresh served   L the same, its answer lost   a answer
    //   taken . a tick   C crash   c copy of Redis made   R Redis back with it   W Redis back empty   t token stolen T
    //   it is presented   _ all is quiet, and the browser goes on
    void note(char what) { trail_ += what; }
    void fail(const std::string& what) { wrong_ = what + " after " + trail_; }

    // The browser.
    void send(bool refresh);
    void take(std::size_t answer);
    void crash(std::uint32_t jar);
    void set_jar(std::uint32_t token);
    // The server.
    result<session::standing> check(std::uint32_t token);
    std::optional<std::uint32_t> refresh(session::standing where);
    void serve(std::size_t sent, bool answer_is_lost);
    void come_back_with(std::optional<session::session_record> record);
    // Time and others.
    bool may_tick() const;
    void tick();
    void steal();
    void present_stolen();
    void note_honest_use(std::uint32_t token, bool refresh);
    void settle();

    bounds time_;
    budget left_;
    breakage broken_;
    std::string trail_;
    std::optional<std::string> wrong_;
    instant now_;
    instant since_{};

    std::optional<session::session_record> record_;
    std::optional<session::session_record> copy_;

    std::uint32_t jar_ = 0;
    std::array<int, max_generations> lost_age_;  // since the jar last held this generation: a crash may bring it back
    std::vector<message> flying_;

    // A thief, and what requests have shown the server about the token it holds: that its successor is in use.
    std::optional<std::uint32_t> stolen_;
    int successor_used_ = never;  // ticks since its first use after the last request that carried the stolen token
    bool outlived_ = false;       // the successor was used again a grace later
};

}  // namespace stagedoor::model
