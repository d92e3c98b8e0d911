// Sign-ins, password changes, sign-outs everywhere and suspensions of one user, against each other and against checks
// by snapshots that may be behind (K7), as a world to be walked whole. Each move is one read or one commit.
//
// A session's verdict is the policy's own. An `oversight` bends a rule, to show that the model would notice.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "common/session/session_policy.hpp"
#include "tests/support/explorer.hpp"

namespace stagedoor::model {

enum class oversight {
    none,
    epoch_read_at_begin,    // not from the row that the password hash came from
    hash_not_compared,      // a change replaces whatever hash is there
    kept_not_checked,       // a change keeps its session also when that has ended meanwhile
    kept_in_second_commit,  // the epoch is raised first, the session kept after
    kept_for_ever,          // the kept session outlives later raises too
    snapshot_believed,      // also when it is behind the session
    snapshot_left_behind,   // no sign-in writes the facts that it has read
    answered_untold,        // an end of all is answered before its letter is in Redis
    no_not_confirmed,       // a no by a snapshot is told without the ledger's word
};

struct epoch_budget {
    int sign_ins = 2;
    int changes = 0;      // of the password, each by a session that lives
    int sign_outs = 0;    // everywhere
    int suspensions = 0;  // and reinstatements
    int checks = 1;
    int lost_puts = 0;  // a sign-in's snapshot that does not reach Redis
};

class epoch_world {
public:
    explicit epoch_world(epoch_budget left, oversight missed = oversight::none);

    key_bits key() const;
    std::optional<std::string> wrong() const { return wrong_; }
    void moves(const visitor<epoch_world>& visit) const;

private:
    enum class stage : std::uint8_t { nobody, typed, read, begun };
    struct sign_in {
        stage at = stage::nobody;
        int password = 0;  // as typed
        int hash = 0;      // as read, and with it:
        user_facts facts;
        std::int64_t epoch = 0;
        int over_by = 0;  // the number of the first raise after that which did not keep it, from 1
    };
    enum class look : std::uint8_t {
        snapshot,
        row,     // the snapshot was behind
        ledger,  // the snapshot said no: session and user are read
    };
    struct check {
        std::size_t of = 0;
        look next = look::snapshot;
        int told = 0;  // raises that had been answered when it began

        auto operator<=>(const check&) const = default;
    };
    struct change {
        std::size_t by = 0;
        int hash = 0;  // as verified
        bool half_done = false;

        auto operator<=>(const change&) const = default;
    };
    static constexpr std::size_t most_sessions = 3;

    static session_id id_of(std::size_t session);
    session::session_record record_of(std::size_t session) const;
    user_facts seen(const user_facts& facts) const;
    void begin(std::size_t session, bool put_is_lost);
    void tell(const user_facts& facts);
    void raise(std::optional<std::size_t> kept);
    void commit(std::size_t which);
    void look_at(check c);
    bool judged_alive(std::size_t session, const user_facts& facts) const;
    void tell_verdict(const check& c, bool yes);
    void note(const char* what) { trail_.append(what).append(" "); }

    epoch_budget left_;
    oversight missed_;
    user_facts row_;
    int hash_ = 0;
    user_facts snapshot_;
    std::array<sign_in, most_sessions> sessions_;
    std::vector<std::int64_t> raises_;  // the version that each made
    std::vector<check> checks_;
    std::vector<change> changes_;
    std::optional<std::string> wrong_;
    std::string trail_;
};

}  // namespace stagedoor::model
