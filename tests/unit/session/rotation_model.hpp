// A browser, its tabs and two nodes that rotate one session's token (K2 to K6), as a world to be walked whole.
//
// The tabs share one cookie jar. They send checks and refreshes with what is in the jar; requests reach the server in
// any order, answers reach the jar in any order, late or never. The browser may crash and find an earlier cookie on
// its disk. Redis may come back with an older copy, or empty. Time passes in ticks; a request and an answer take up to
// `delay` ticks each, and a crash loses what the jar was told in the last `crash_lag` ticks. All bounds are closed, so
// that whole ticks show every order of events that real time could.
//
// Meanwhile the user's status changes, and the browser is to hear of it: what it knows is what the newest answer it took
// said, or a push. And operators roll the signing key, node by node.
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
    change_is_told_by_acknowledged_alone,  // a status that has come back to the acknowledged one is no change
    rotation_forgets_told,                 // what was told to the predecessor is dropped with a rotation
    hand_out_tells_predecessor_alone,      // what a hand-out tells is not noted for the token that it hands out
    predecessor_is_told_nothing,           // of what the current token is told
    lost_rotation_counts_as_told,          // whoever has the token of a rotation that Redis has lost knows what the next tells
    told_is_acknowledged_at_once,          // by any next refresh
    told_is_never_acknowledged,
    version_acknowledges_nothing,  // `ackVersion` is ignored
    signed_with_todays_key,        // a token that is handed out again is signed with the key that signs now
    keys_rolled_in_one_phase,      // a new key signs before every node accepts it
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
    int changes = 0;  // of the status
    int acks = 0;     // refreshes that carry the version which the browser knows
    int pushes = 0;   // that tell the browser of the status
    int rolls = 0;    // steps of a roll of keys, each on one node
};

using rotation_key = packed_key<5>;

inline constexpr int max_generations = 12;
inline constexpr int never = 7;  // an age in ticks beyond all that matter

class rotation_world {
public:
    rotation_world(bounds time, budget left, breakage broken = breakage::none);

    rotation_key key() const;
    std::optional<std::string> wrong() const { return wrong_; }

    void moves(const visitor<rotation_world>& visit) const;

private:
    struct message {
        bool refresh = false;
        bool orphan = false;      // the browser that sent it has crashed
        bool answered = false;    // on its way back, with `token` as its cookie
        int age = 0;              // ticks since it was sent, or answered
        std::uint32_t token = 0;  // generation; of an answer: that of its cookie
        bool cookie = false;      // an answer has one
        int version = 0;          // of the status: a refresh's ackVersion, or what an answer says
        bool changed = false;     // statusChanged
        bool excused = false;     // the same was told a while before, and counts as acknowledged

        auto operator<=>(const message&) const = default;
    };
    // What the last refresh was told: the next one by the same token, at once, has to be told the same (K5).
    struct saying {
        std::uint32_t token = 0;
        bool changed = false;
        user_status previous = user_status::pending;
    };

    static std::chrono::milliseconds tick_time(const bounds& b) {
        return std::chrono::duration_cast<std::chrono::milliseconds>(limits::rotation_grace) / b.grace;
    }
    session::moment at() const { return {now_, broken_ == breakage::since_is_ignored ? instant{} : since_}; }

    bool tells() const { return with_changes_; }
    const session::key_ring& ring(std::size_t node) const;
    user_facts facts() const;

    // The trail to a counterexample, a letter for each step:
    //   k check sent   r refresh sent   s check served   S refresh served   L the same, its answer lost   a answer
    //   taken . a tick   C crash   c copy of Redis made   R Redis back with it   W Redis back empty   t token stolen T
    //   it is presented   _ all is quiet, and the browser goes on   ! the status changes   p push   R with ackVersion
    //   1 2 a node's next step in a roll of keys
    void note(char what) { trail_ += what; }
    void fail(const std::string& what) { wrong_ = what + " after " + trail_; }

    // The browser.
    void send(bool refresh, int ack = 0);
    void take(std::size_t answer);
    void hear(int version, bool changed, bool excused);
    void crash(std::uint32_t jar);
    void set_jar(std::uint32_t token);
    // The server.
    result<session::standing> check(std::uint32_t token);
    session::refresh_outcome refresh(session::standing where, int ack);
    void serve(std::size_t sent, bool answer_is_lost, std::size_t node = 0);
    void note_told(const message& request, const session::refresh_outcome& outcome);
    void check_proofs(std::uint32_t token, session::standing where);
    void hand_out(std::uint32_t token);
    void come_back_with(std::optional<session::session_record> record);
    bool may_roll(std::size_t node) const;
    void change_status();
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

    bool with_changes_;
    bool with_rolls_;
    int version_ = 1;  // of the user: which status it has follows from it
    int told_age_ = never;  // of the first answer that told this version, in ticks, 1 at most
    std::optional<saying> last_said_;  // in this tick
    std::array<int, 2> roll_{};        // how far each node has got
    std::size_t node_ = 0;             // that serves
    std::array<std::uint8_t, max_generations> key_of_{};  // the key that signed each token that was handed out

    int known_ = 1;  // the newest version that the browser has heard of; 0: its pages are gone
    int told_ = 1;   // and by a refresh
    std::uint32_t jar_ = 0;
    std::array<int, max_generations> lost_age_;  // since the jar last held this generation: a crash may bring it back
    std::vector<message> flying_;

    // A thief, and what requests have shown the server about the token it holds: that its successor is in use.
    std::optional<std::uint32_t> stolen_;
    int successor_used_ = never;  // ticks since its first use after the last request that carried the stolen token
    bool outlived_ = false;       // the successor was used again a grace later
};

}  // namespace stagedoor::model
