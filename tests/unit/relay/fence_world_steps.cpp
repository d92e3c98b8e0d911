// What the nodes of fence_world.hpp do, step by step.
#include <algorithm>
#include <utility>

#include "tests/unit/relay/fence_world.hpp"

namespace stagedoor::model {

using approval::data_state;
using approval::fence_sight;
using approval::outbox_standing;

namespace {

std::string name(const char* what, unsigned number) { return number == 0 ? "" : what + std::to_string(number); }

// Of a name that was made so.
std::uint8_t number_in(const std::string& name) {
    if (name.empty()) return 0;
    return static_cast<std::uint8_t>(std::stoi(name.substr(name.find_first_of("0123456789"))));
}

}  // namespace

fence_sight fence_world::sight(small run, const note& what) const {
    fence_sight seen{name("run", run), {}, std::nullopt};
    if (what == note{}) return seen;
    fence there;
    there.run_id = name("run", what.run), there.life = name("life", what.life), there.feed = what.feed;
    there.step = what.step, there.cursor = what.cursor, there.event = name("row", what.cursor);
    seen.what = std::move(there);
    return seen;
}

fence_world::note fence_world::noted(const fence& what) const {
    return {number_in(what.run_id), number_in(what.life), static_cast<small>(what.feed),
            static_cast<small>(what.cursor), what.step};
}

outbox_standing fence_world::standing(small fed_run, small fed_feed, small newest, small cursor) const {
    outbox_standing db{std::nullopt, newest, {name("run", fed_run), fed_feed}};
    if (cursor > 0) db.at_cursor = name("row", cursor);
    return db;
}

// As the carrier does it: a gap brings what is missing from the database.
void fence_world::carry(data& keys, small row) const {
    if (is_end(row)) {
        keys.session = tombstone;
        return;
    }
    keys.top = std::max(keys.top, version_of(row));
    keys.snapshot = std::max(keys.snapshot, keys.top);
}

fence_world::small fence_world::unused_life() const {
    for (small life = 1;; ++life) {
        bool used = redis_.keys.fence.life == life || (demoted_ && demoted_->keys.fence.life == life);
        for (const auto& copy : copies_) used = used || copy.fence.life == life;
        for (const auto& n : nodes_) used = used || n.known.life == life || n.seen.life == life;
        if (!used) return life;
    }
}

fence_world::small fence_world::unused_hold() const {
    for (small hold = first_hold;; ++hold) {
        bool used = redis_.keys.session == hold;
        for (const auto& copy : copies_) used = used || copy.session == hold;
        for (const auto& n : nodes_) used = used || n.hold == hold;
        if (!used) return hold;
    }
}

bool fence_world::swap(const node& n, const note& next, fate how) {
    auto& fence = server_of(n).keys.fence;
    const bool blindly = left_out_ == omission::lease_not_compared && n.at == step::write;
    if (fence != n.seen && !blindly) return false;
    fence = next;
    return how == fate::done;
}

void fence_world::keep(node& n, fate how) {
    if (how == fate::lost) {
        n.at = step::read;
    } else {
        switch (n.at) {
            case step::read:
                n.seen_run = server_of(n).run, n.seen = server_of(n).keys.fence, n.at = step::judge;
                break;
            case step::judge:
                judge(n);
                break;
            case step::open: {
                auto db = standing(n.db_run, n.db_feed, n.db_newest, n.seen.cursor);
                auto first = noted(open_replay(sight(n.seen_run, n.seen), db, false, name("life", unused_life()), {}));
                if (left_out_ == omission::cursor_not_replayed) first.cursor = n.db_newest;
                swap(n, first, how);
                n.at = step::read;
                break;
            }
            case step::claim:
                claim(n, how);
                break;
            case step::gather:
                gather(n);
                n.at = step::apply;
                break;
            case step::apply:
                if (n.gathered != 0) carry(server_of(n).keys, n.gathered);
                n.at = how == fate::done ? step::say : step::read;
                break;
            case step::say:
                say(n, how);
                n.at = step::read;
                break;
            case step::scan:
                n.scanned = committed_;
                n.found = static_cast<small>(((1U << committed_) - 1) & ~published_ & ~n.unmarked);
                if (is_spoilt_) n.found = static_cast<small>(n.found & ~bit(rows));
                n.at = n.found == 0 || left_out_ == omission::lease_without_scan ? step::write : step::post;
                break;
            case step::post: {
                const small row = n.found & bit(1) ? 1 : 2;
                carry(server_of(n).keys, row);
                n.found = static_cast<small>(n.found & ~bit(row));
                if (how == fate::done) n.unmarked |= bit(row);
                n.at = how != fate::done ? step::read : n.found == 0 ? step::write : step::post;
                break;
            }
            case step::write:
                write(n, how);
                n.at = step::read;
                break;
        }
    }
    // What a node does not look at any more is no difference between worlds.
    if (n.at == step::read) {
        n.seen = {}, n.seen_run = 0, n.gathered = n.scanned = n.found = 0, n.last = false;
    }
    if (n.at != step::open) n.db_feed = n.db_run = n.db_newest = 0;
}

void fence_world::judge(node& n) {
    n.db_run = fed_run_, n.db_feed = fed_feed_, n.db_newest = committed_;
    const auto state = approval::judge(sight(n.seen_run, n.seen), standing(fed_run_, fed_feed_, committed_, n.seen.cursor));
    const note life{n.seen.run, n.seen.life, n.seen.feed, 0, fence_step::fed};
    if (state != data_state::whole || n.known != life) {
        n.lease = false, n.lease_covers = n.lease_run = 0;
        n.known = {}, n.unmarked = 0, n.may_mark = false;
    }
    switch (state) {
        case data_state::whole:
            n.known = life;
            n.at = step::scan;
            return;
        case data_state::replaying:
            n.at = step::claim;
            return;
        case data_state::broken:
            n.at = step::open;
            return;
        case data_state::fed_elsewhere:  // it was wiped between the two reads, and replayed
            n.at = step::read;
            return;
        case data_state::database_went_back:
            database_went_back_ = true;
            return;
    }
}

void fence_world::claim(node& n, fate how) {
    n.at = step::read;
    if (fed_feed_ + 1 == n.seen.feed) fed_feed_ = n.seen.feed, fed_run_ = n.seen.run;
    const bool fed = fed_feed_ == n.seen.feed && fed_run_ == n.seen.run;
    if (fed && how == fate::done) n.at = step::gather;
}

void fence_world::gather(node& n) {
    if (n.seen.step == fence_step::bury) {
        n.gathered = has_ended() && left_out_ != omission::ends_not_buried ? rows : small{0};
        n.last = true;
        return;
    }
    const auto next = static_cast<small>(n.seen.cursor + 1);
    n.gathered = next <= committed_ && is_given(next) ? next : small{0};
    n.last = n.gathered == 0;
}

void fence_world::say(node& n, fate how) {
    auto at = *sight(n.seen_run, n.seen).what;
    if (at.step == fence_step::send && n.gathered != 0) at = approval::moved_on(std::move(at), {n.gathered, name("row", n.gathered)});
    swap(n, noted(n.last ? approval::next_step(std::move(at)) : at), how);
}

void fence_world::write(node& n, fate how) {
    const auto next = approval::moved_on(*sight(n.seen_run, n.seen).what, {n.scanned, name("row", n.scanned)});
    const bool written = swap(n, noted(next), how);
    // A look that began before a commit whose maker has waited for the time of a lease grants nothing any more.
    const bool in_time = (waited_ >> n.scanned) == 0;
    if (written && in_time) n.lease = true, n.lease_covers = n.scanned, n.lease_run = server_of(n).run;
}

// Off the way of relaying: a look at the fence, then the mark.
void fence_world::mark(node& n, fate how) {
    if (!n.may_mark) {
        const auto& there = server_of(n);
        n.may_mark = approval::may_mark(sight(there.run, there.keys.fence), *sight(0, n.known).what);
        return;
    }
    const bool fed = fed_feed_ == n.known.feed && fed_run_ == n.known.run;
    if (fed || left_out_ == omission::marked_for_any_feed) published_ |= n.unmarked;
    n.may_mark = false;
    if (how == fate::done) n.unmarked = 0;
}

// K2: the place is held, then the ledger is read, then what it says is put there if the hold still is.
void fence_world::make_record(node& n) {
    auto& keys = server_of(n).keys;
    const bool hold_is_there = n.hold != 0 && keys.session == n.hold;
    const bool free = left_out_ == omission::record_without_hold ? keys.session == nothing : hold_is_there;
    const bool record_first = left_out_ == omission::record_before_snapshot;
    switch (n.make) {
        case making::idle:
            if (left_out_ == omission::record_at_once) {
                keys.session = record;
                return;
            }
            n.hold = unused_hold();
            n.make = making::held;
            if (left_out_ != omission::record_without_hold) keys.session = n.hold;
            return;
        case making::held:
            n.facts = version_of(committed_);
            n.make = making::known;
            if (!has_ended()) return;
            keys.session = tombstone;
            break;
        case making::known:
            if (record_first && free) keys.session = record;
            if (!record_first) keys.snapshot = std::max(keys.snapshot, n.facts);
            n.make = making::told;
            return;
        case making::told:
            if (record_first) keys.snapshot = std::max(keys.snapshot, n.facts);
            if (!record_first && free) keys.session = record;
            break;
    }
    n.make = making::idle, n.hold = n.facts = 0;
}

}  // namespace stagedoor::model
