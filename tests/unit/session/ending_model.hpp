// The end of one session against everything that writes it: rebuilding, touching, rotating, moving forward (K2, K6,
// R6), as a world to be walked whole. Each move is one step of I/O of one request, on whichever node; between two of
// them everything else may happen. Redis may come back older or empty, tombstones run out, nodes die.
//
// The order of steps is session_check's, what they decide is the policy's own code. A `shortcut` leaves a step out, to
// show that the model would notice.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "common/session/session_policy.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

enum class shortcut {
    none,
    no_hold,                // the ledger is read, then the record put where nothing is
    second_look,            // as before, and the ledger read once more after it: the rule until it was found wanting
    holds_alike,            // one hold cannot be told from another
    touch_without_compare,  // a touch writes whatever is there now
    rebuild_over_all,       // a rebuilt record replaces whatever is there
    redis_before_ledger,    // the tombstone is written before the end is committed
    answered_unburied,      // the end is answered when it is committed
    older_copy_believed,    // a Redis that came back is believed at once
    ends_not_replayed,      // it is believed again before it was told of the ends
};

struct ending_budget {
    int copies = 0;
    int restores = 0;
    int wipes = 0;
    int expiries = 0;     // the time of a tombstone or a hold runs out
    int deaths = 0;       // a node dies in the middle of a request
    bool frozen = false;  // a node may stand still in a request for longer than a tombstone's time
};

class ending_world {
public:
    // The session's record is in Redis when `warm`; else it is made from the ledger.
    ending_world(int checks, int refreshes, bool warm, ending_budget left, shortcut cut = shortcut::none);

    key_bits key() const;
    std::optional<std::string> wrong() const;
    void moves(const visitor<ending_world>& visit) const;

private:
    enum class place : std::uint8_t {
        load,        // MGET is next, or the ledger when Redis is not believed
        hold,        // the record is missing: SET NX of a hold is next
        find,        // the place is held: the ledger is next
        put,         // the ledger knew it as alive: compare-and-set of the record is next
        find_again,  // a second look, by the rule that has one
        bury,        // the ledger says it is over: the tombstone is next
        touch,       // compare-and-set of a use is next
        rotate,      // compare-and-set of a refresh is next
        forward,     // compare-and-set of a record that lost a rotation is next
        ask_ledger,  // Redis cannot be asked: the ledger's word is the answer
    };
    struct request {
        bool refresh = false;
        place at = place::load;
        std::uint32_t token = 0;  // generation
        bool before_end = false;  // it began when the end had not been committed
        bool after_end = false;   // it began when the end had been answered
        std::uint8_t seen = 0;    // number of the record that it has read, or of its hold: what it compares with

        auto operator<=>(const request&) const = default;
    };
    enum class ender : std::uint8_t { idle, buried_first, committed, answered };
    struct buried {};
    struct held {
        std::uint8_t number = 0;
    };
    // Nothing, the number of a record, a tombstone, a hold.
    using stored = std::variant<std::monostate, std::uint8_t, buried, held>;

    std::uint8_t number_of(const session::session_record& record);
    bool by_former_rule() const { return cut_ == shortcut::no_hold || cut_ == shortcut::second_look; }
    std::uint8_t next_hold() const;
    void hold(request& r);
    void put(request& r);
    bool swap(std::uint8_t expected, const session::session_record& next);
    void begin(bool refresh);
    void step(std::size_t which);
    void look(request& r, bool& done);
    void answer(const request& r, bool yes);
    void come_back_with(stored what);
    void note(const char* what) { trail_.append(what).append(" "); }

    ending_budget left_;
    shortcut cut_;
    int checks_, refreshes_;
    // Records are few: each has a number, so that a request can remember the one it has read.
    std::vector<session::session_record> records_;
    bool ended_ = false;   // in the ledger
    bool untold_ = false;  // its outbox row waits for the relay
    ender ender_ = ender::idle;
    stored redis_;
    std::optional<stored> copy_;
    bool believed_ = true;
    bool replayed_ = true;  // what came back has been told of all ends
    std::uint32_t newest_token_ = 0;
    std::vector<request> requests_;
    std::optional<std::string> wrong_;
    std::string trail_;
};

}  // namespace stagedoor::model
