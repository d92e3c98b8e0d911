#include "tests/unit/session/epoch_model.hpp"

#include <algorithm>

#include "tests/unit/session/one_session.hpp"

namespace stagedoor::model {

epoch_world::epoch_world(epoch_budget left, oversight missed)
    : left_{left}, missed_{missed}, row_{first_facts()}, snapshot_{row_} {}

session_id epoch_world::id_of(std::size_t session) {
    static const std::array<session_id, most_sessions> ids{session_id{make_uuid_v4()}, session_id{make_uuid_v4()},
                                                           session_id{make_uuid_v4()}};
    return ids[session];
}

key_bits epoch_world::key() const {
    key_bits bits;
    const auto small = [&](auto n, unsigned width) { bits.add(static_cast<std::uint64_t>(n), width); };
    const auto add_facts = [&](const user_facts& f) {
        small(f.epoch, 3), small(f.version, 4), small(f.status == user_status::suspended, 1);
        std::size_t kept = most_sessions;
        for (std::size_t i = 0; i < most_sessions; ++i) {
            if (f.kept_session == id_of(i)) kept = i;
        }
        small(kept, 2);
        small(kept < most_sessions ? f.kept_epoch.value_or(0) : 0, 3);
    };
    add_facts(row_), add_facts(snapshot_);
    small(hash_, 2);
    small(left_.sign_ins, 2), small(left_.changes, 2), small(left_.sign_outs, 2), small(left_.suspensions, 2);
    small(left_.checks, 2), small(left_.lost_puts, 2);
    for (const auto& s : sessions_) {
        small(s.at, 2), small(s.password, 2), small(s.hash, 2), small(s.epoch, 3), small(s.over_by, 3);
        if (s.at == stage::read) add_facts(s.facts);
    }
    small(raises_.size(), 3);
    for (const auto version : raises_) small(version, 4);
    small(checks_.size(), 2);
    for (const auto& c : checks_) small(c.of, 2), small(c.next, 2), small(c.told, 3);
    small(changes_.size(), 2);
    for (const auto& c : changes_) small(c.by, 2), small(c.hash, 2), small(c.half_done, 1);
    return bits;
}

void epoch_world::moves(const visitor<epoch_world>& visit) const {
    if (wrong_) return;
    const auto go = [&](const char* what, auto&& change_world) {
        auto next = *this;
        next.note(what);
        change_world(next);
        std::sort(next.checks_.begin(), next.checks_.end());
        std::sort(next.changes_.begin(), next.changes_.end());
        visit(std::move(next));
    };
    for (std::size_t i = 0; i < most_sessions; ++i) {
        const auto& s = sessions_[i];
        const bool next_free = s.at == stage::nobody && (i == 0 || sessions_[i - 1].at != stage::nobody);
        if (next_free && left_.sign_ins > 0) {
            go("type", [i](auto& w) { --w.left_.sign_ins, w.sessions_[i] = {stage::typed, w.hash_, 0, {}, 0, 0}; });
        }
        if (s.at == stage::typed && row_.status != user_status::suspended) {
            go("read", [i](auto& w) {
                auto& mine = w.sessions_[i];
                mine.at = stage::read, mine.hash = w.hash_, mine.facts = w.row_, mine.epoch = w.row_.epoch;
            });
        }
        if (s.at == stage::read && s.password == s.hash) {
            for (const bool lost : {false, true}) {
                if (lost && left_.lost_puts == 0) continue;
                go("begin", [i, lost](auto& w) { w.begin(i, lost); });
            }
        }
        if (s.at != stage::begun) continue;
        if (left_.checks > 0) {
            go("check", [i](auto& w) {
                --w.left_.checks;
                const auto heard = w.missed_ == oversight::answered_untold ? w.row_.version : w.snapshot_.version;
                const auto told = std::count_if(w.raises_.begin(), w.raises_.end(), [&](auto v) { return v <= heard; });
                w.checks_.push_back({i, look::snapshot, static_cast<int>(told)});
            });
        }
        const bool lives = session::epoch_lives(s.epoch, id_of(i), row_);
        if (left_.changes > 0 && lives) {
            go("verify", [i](auto& w) { --w.left_.changes, w.changes_.push_back({i, w.hash_, false}); });
        }
    }
    for (std::size_t i = 0; i < checks_.size(); ++i) {
        go("look", [i](auto& w) {
            const auto c = w.checks_[i];
            w.checks_.erase(w.checks_.begin() + static_cast<std::ptrdiff_t>(i));
            w.look_at(c);
        });
    }
    for (std::size_t i = 0; i < changes_.size(); ++i) go("commit", [i](auto& w) { w.commit(i); });
    if (left_.sign_outs > 0) go("everywhere", [](auto& w) { --w.left_.sign_outs, w.raise({}); });
    if (left_.suspensions > 0 && row_.status == user_status::active) {
        go("suspend", [](auto& w) { --w.left_.suspensions, w.row_.status = user_status::suspended, w.raise({}); });
    }
    if (row_.status == user_status::suspended) {
        go("reinstate", [](auto& w) { w.row_.status = user_status::active, ++w.row_.version; });
    }
    if (snapshot_.version < row_.version) go("relay", [](auto& w) { w.tell(w.row_); });
}

session::session_record epoch_world::record_of(std::size_t session) const {
    static const auto fresh = session::first_record(some_keys(), somebody(), first_facts(), some_day, {});
    auto record = fresh;
    record.epoch = sessions_[session].epoch;
    return record;
}

void epoch_world::begin(std::size_t session, bool put_is_lost) {
    auto& mine = sessions_[session];
    mine.at = stage::begun;
    if (missed_ == oversight::epoch_read_at_begin) mine.epoch = row_.epoch;
    if (put_is_lost) --left_.lost_puts;
    if (!put_is_lost && missed_ != oversight::snapshot_left_behind) tell(mine.facts);
    mine.facts = {};
}

void epoch_world::tell(const user_facts& facts) {
    if (facts.version > snapshot_.version) snapshot_ = facts;
}

void epoch_world::raise(std::optional<std::size_t> kept) {
    ++row_.epoch, ++row_.version;
    raises_.push_back(row_.version);
    for (std::size_t i = 0; i < most_sessions; ++i) {
        auto& s = sessions_[i];
        const bool exists = s.at == stage::read || s.at == stage::begun;
        if (exists && s.over_by == 0 && kept != i) s.over_by = static_cast<int>(raises_.size());
    }
}

// UPDATE … WHERE password_hash = the one verified, and the session that stays lives; all in one commit (K7).
void epoch_world::commit(std::size_t which) {
    auto c = changes_[which];
    changes_.erase(changes_.begin() + static_cast<std::ptrdiff_t>(which));
    const auto keep = [&] { row_.kept_session = id_of(c.by), row_.kept_epoch = row_.epoch; };
    if (c.half_done) {
        keep(), ++row_.version;
        return;
    }
    const bool lives = session::epoch_lives(sessions_[c.by].epoch, id_of(c.by), row_);
    if (c.hash != hash_ && missed_ != oversight::hash_not_compared) return;
    if (!lives && missed_ != oversight::kept_not_checked && missed_ != oversight::hash_not_compared) return;
    ++hash_;
    raise(c.by);
    if (missed_ == oversight::kept_in_second_commit) {
        c.half_done = true;
        changes_.push_back(c);
    } else {
        keep();
    }
}

user_facts epoch_world::seen(const user_facts& facts) const {
    auto as_seen = facts;
    if (missed_ == oversight::kept_for_ever && facts.kept_epoch) as_seen.kept_epoch = facts.epoch;
    return as_seen;
}

void epoch_world::look_at(check c) {
    if (c.next == look::ledger) return tell_verdict(c, judged_alive(c.of, row_));
    if (c.next == look::row) tell(row_);  // and goes by what the script says won (K8)
    const bool behind = session::is_behind(snapshot_, record_of(c.of)) && missed_ != oversight::snapshot_believed;
    const bool yes = !behind && judged_alive(c.of, snapshot_);
    if (yes || (!behind && missed_ == oversight::no_not_confirmed)) return tell_verdict(c, yes);
    c.next = behind ? look::row : look::ledger;
    checks_.push_back(c);
}

bool epoch_world::judged_alive(std::size_t session, const user_facts& facts) const {
    const session::session_ref who{somebody().user, id_of(session)};
    return session::judge(record_of(session), who, 0, seen(facts), {some_day}, {}).has_value();
}

void epoch_world::tell_verdict(const check& c, bool yes) {
    const auto& s = sessions_[c.of];
    if (yes && s.over_by != 0 && s.over_by <= c.told) wrong_ = "a session from before the raise survived it: " + trail_;
    if (!yes && s.over_by == 0) wrong_ = "a living session was refused: " + trail_;
}

}  // namespace stagedoor::model
