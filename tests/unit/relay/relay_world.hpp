// The changes of one user on their way to Redis by two relays (R1, R3, R4, R6), as a world to be walked whole. Each move
// is one statement of the database or one script of Redis, which takes one event or all that are left. A pipeline may
// break at any of its commands: what was sent may still be done later, in part or whole, while its relay believes that
// nothing was. Relays die for good. The outbox is purged. Redis is wiped, or comes back as an older copy, and is replayed.
// An admin's console reads the admins' stream now and then, with its position.
//
// What the relays decide is the policy's own code (stream_policy.hpp, fence_policy.hpp), what the scripts
// for users do is stream_model.hpp's, which is compared with the scripts themselves. Who opens a replay and claims the feed does so in
// one move: fence_world.hpp has those steps one by one. A `skipped` leaves a rule out.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "auth-service/src/approval/fence_policy.hpp"
#include "auth-service/src/approval/stream_policy.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

enum class skipped : std::uint8_t {
    none,
    chain,              // the user's script appends whatever came before
    refusal_of_repeats, // the admins' script appends whatever is there already
    admins,             // a row is published when its user has it
    look_at_the_fence,  // rows are marked, and the cursor of a replay moves, whatever the fence says
    new_incarnation,    // a replay leaves the admins' stream as it came back
    rebase,             // a stream whose past was purged waits for it
};

struct relay_budget {
    std::uint8_t rows = 2;  // changes of the user, at most 3
    int failures = 0;
    int deaths = 0;
    int purges = 0;
    int wipes = 0;
    int restores = 0;  // of a copy that was made at any time before
    int looks = 0;     // of an admin's console, before its last one
};

class relay_world {
public:
    explicit relay_world(relay_budget left, skipped rule = skipped::none);

    packed_key<5> key() const;
    void moves(const visitor<relay_world>& visit) const;
    std::optional<std::string> wrong() const;
    bool settled() const;
    const char* last_move() const { return move_; }

private:
    using small = std::uint8_t;

    struct note {
        small run = 0, life = 0, feed = 0, cursor = 0;
        fence_step step = fence_step::fed;
        small from = 0;  // the cursor that its replay began at; nobody reads it but this model
        auto operator<=>(const note&) const = default;
    };
    struct admins_stream {
        small incarnation = 0;  // 0: there is none
        small of_life = 0;      // that began it
        small size = 0;
        std::array<small, 4> events{};
        auto operator<=>(const admins_stream&) const = default;
    };
    struct data {
        small stream = 0;  // versions, as bits
        small top = 0;
        small snapshot = 0;
        admins_stream admins;
        note fence;
        auto operator<=>(const data&) const = default;
    };
    enum class step : small { idle, scan, user, admins, read, post, rebase, say, begin_admins };
    struct relay {
        bool dead = false;
        step at = step::idle;
        note replaying;      // the fence as read, when this is a step of a replay
        note known;          // the life that it knows to be whole, at no cursor
        small batch = 0;  // rows still to be sent, as bits
        small call = 0;   // of them, those that were sent to their user by one call, and now go to the admins
        small gaps = 0;   // of those, what the user's stream did not take
        small taken = 0;  // rows of the batch that both have
        small gapped = 0, gap_top = 0;
        small run_first = 0, run_last = 0, run_next = 0;
        small last = 0;      // row of the batch
        bool failed = false;
        small life = 0;      // that was known when the batch was begun
        small unmarked = 0;
        bool may_mark = false;
        auto operator<=>(const relay&) const = default;
    };
    // What was sent and given up: of a batch, beginning with the user's or the admins' script, or of a mended run.
    struct leftovers {
        small batch = 0;
        bool admins_next = false;
        bool run = false;
        auto operator<=>(const leftovers&) const = default;
    };
    struct console {
        small incarnation = 0, position = 0;
        small seen = 0, streamed = 0;  // events it knows of; that it has read since it reloaded
        bool twice = false;
        auto operator<=>(const console&) const = default;
    };

    static constexpr small bit(small row) { return static_cast<small>(1U << (row - 1)); }
    static small lowest(small bits);
    static small highest(small bits);

    approval::fence_sight sight() const;
    fence as_fence(const note& what) const;
    approval::data_state state() const;
    small unused_life() const;
    small unused_incarnation() const;

    result<approval::posted> post_to_user(small version, small snapshot);
    void post_to_admins(small version);
    result<bool> rebase(small seen_top, small first, small last);
    void begin_admins_anew(small life);

    void begin(relay& r, small rows);
    void advance(relay& r);
    void read_for_replay(relay& r);
    void send_to_users(relay& r, small call);
    void take(relay& r, const result<void>& to_admins);
    void mend_or_finish(relay& r);
    void read_run(relay& r);
    void after_run(relay& r, const result<void>& outcome);
    void finish(relay& r);
    void say(relay& r);
    note life_by(approval::data_state judged) const;
    void learn(relay& r);
    void mark(relay& r);
    void break_pipeline(relay& r, bool still_done);
    void do_leftover();
    void look(console& c) const;
    void open_replay();

    template <class Change>
    void go(const visitor<relay_world>& visit, const char* what, Change change) const;
    void relay_moves(const visitor<relay_world>& visit, std::size_t i, approval::data_state now) const;

    relay_budget left_;
    skipped rule_;
    small committed_ = 0, published_ = 0, purged_ = 0;
    small fed_run_ = 1, fed_feed_ = 1;
    small run_ = 1;
    data redis_;
    std::optional<data> copy_;
    std::array<relay, 2> relays_;
    leftovers leftovers_;
    console console_;
    const char* move_ = "start";
};

}  // namespace stagedoor::model
