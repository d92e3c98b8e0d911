// A database in which a session ends or a user changes, two nodes whose keepers, relays and markers run by the rules of
// R6, and one Redis that is wiped, or restarted with any earlier state of itself: a world to be walked whole. Each move
// is one statement of the database or one command of Redis, on whichever node; between two of them everything else may
// happen. Nodes die for good, and a command may fail before it had its effect or after it.
//
// The order of steps is the keeper's, what they decide is the policy's own code (fence_policy.hpp). An `omission` leaves
// a rule out, to show that the model would notice. A lease has no clock here: it may run out at any time, and whoever
// waits for leases to run out (limits::redis_trust_lease) waits for that.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "auth-service/src/approval/fence_policy.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

enum class omission : std::uint8_t {
    none,
    older_copy_believed,     // a lease outlives the process of Redis that it was granted for
    lease_without_scan,      // a lease is granted although rows wait to be relayed
    pending_told_at_once,    // what could not be relayed is answered while others may still believe Redis
    ends_not_buried,         // a replay sends rows, and leaves out the ledger's ends
    cursor_not_replayed,     // a replay opens at the newest row
    lease_not_compared,      // the write that grants a lease takes the place of any fence
    marked_for_any_feed,     // a relay on a demoted master marks rows
    record_before_snapshot,  // a session's record is made before the snapshot it is judged by
    record_without_hold,     // the ledger is read, then the record put where nothing is
    record_at_once,          // a sign-in puts its record, whatever snapshot is there
};

struct fence_budget {
    int keepers = 2;        // of two nodes; without one a node has the lease that it began with
    bool end = false;       // what happens: a session ends; else the user changes
    int wipes = 0;          // FLUSHALL
    int restarts = 0;       // with nothing, or with a copy that was made at any time
    bool failover = false;  // another process, with such a copy, takes the place of one that goes on; nodes follow late
    bool spoilt = false;    // a hand makes the last row unreadable when it has been published
    int deaths = 0;         // of nodes
    int failures = 0;       // commands or statements that fail, half of them after they had their effect
    int rebuilds = 0;       // records that checks make from the ledger, or sign-ins (K2)
    int refreshes = 0;      // reads of the user's facts that are put into Redis some time later (K8)
};

class fence_world {
public:
    explicit fence_world(fence_budget left, omission left_out = omission::none);

    packed_key<5> key() const;
    void moves(const visitor<fence_world>& visit) const;
    std::optional<std::string> wrong() const;
    bool settled() const;
    const char* last_move() const { return move_; }

private:
    using small = std::uint8_t;
    static constexpr small rows = 2;  // row 1 tells of the user's first version, and was relayed long ago

    // Runs, lives, feeds and rows are numbers here; 0: none.
    struct note {
        small run = 0, life = 0, feed = 0, cursor = 0;
        fence_step step = fence_step::fed;
        auto operator<=>(const note&) const = default;
    };
    struct data {
        small top = 0;       // of the user's stream
        small snapshot = 0;  // version
        small session = 0;   // one of below, or the number of a hold
        note fence;
        auto operator<=>(const data&) const = default;
    };
    static constexpr small nothing = 0, record = 1, tombstone = 2, first_hold = 3;

    // Where a keeper stands: what it does next.
    enum class step : small { read, judge, open, claim, gather, apply, say, scan, post, write };
    // Where the making of a record stands.
    enum class making : small { idle, held, known, told };
    struct server {
        small run = 1;
        data keys;
        auto operator<=>(const server&) const = default;
    };
    struct node {
        bool dead = false;
        bool behind = false;  // its link goes to the process that was demoted
        step at = step::read;
        small seen_run = 0;
        note seen;
        small db_feed = 0, db_run = 0, db_newest = 0;  // as read for the judgement
        small gathered = 0;                            // the row of this step of a replay
        bool last = false;
        small scanned = 0, found = 0;  // the newest row at the scan; unpublished ones, as bits
        note known;                    // the life that it believes to be whole, at no cursor
        small unmarked = 0;            // rows that were relayed to it
        bool may_mark = false;
        bool lease = false;
        small lease_covers = 0, lease_run = 0;
        making make = making::idle;
        small hold = 0, facts = 0;
        auto operator<=>(const node&) const = default;
    };
    enum class fate : small { done, lost, unanswered };

    static constexpr small bit(small row) { return static_cast<small>(1U << (row - 1)); }
    static constexpr small all_rows = (1U << rows) - 1;

    bool is_end(small row) const { return left_.end && row == rows; }
    bool has_ended() const { return left_.end && committed_ == rows; }
    small version_of(small row) const { return left_.end ? 1 : row; }
    bool is_given(small row) const { return !(is_spoilt_ && row == rows); }
    server& server_of(const node& n) { return n.behind ? *demoted_ : redis_; }
    bool in_redis(small row) const;
    bool believes(const node& n) const;
    approval::fence_sight sight(small run, const note& what) const;
    approval::outbox_standing standing(small fed_run, small fed_feed, small newest, small cursor) const;
    bool is_whole() const;
    note noted(const fence& what) const;
    small unused_life() const;
    small unused_hold() const;

    void carry(data& keys, small row) const;
    void come_back_with(const data& what);
    void fail_over_to(const data& copy);
    void keep(node& n, fate how);
    void judge(node& n);
    void claim(node& n, fate how);
    void gather(node& n);
    void say(node& n, fate how);
    void write(node& n, fate how);
    bool swap(const node& n, const note& next, fate how);
    void make_record(node& n);
    void mark(node& n, fate how);
    void go_on(const visitor<fence_world>& visit) const;
    void answer(const visitor<fence_world>& visit) const;
    void break_things(const visitor<fence_world>& visit) const;

    template <class Change>
    void go(const visitor<fence_world>& visit, const char* what, Change change) const;

    fence_budget left_;
    omission left_out_;
    // The database.
    small committed_ = 1, published_ = 1;
    small fed_run_ = 1, fed_feed_ = 1;
    // Who made changes: what Redis took from them, what they were answered, and what after waiting, as bits.
    small delivered_ = 1, answered_ = 1, waited_ = 0;
    small refreshing_ = 0;  // the version of a read of facts that is on its way to Redis
    bool is_spoilt_ = false;
    // Redis.
    server redis_;
    std::optional<server> demoted_;
    std::array<data, 2> copies_;
    std::size_t copied_ = 0;
    std::array<node, 2> nodes_;
    bool database_went_back_ = false;
    const char* move_ = "start";
};

}  // namespace stagedoor::model
