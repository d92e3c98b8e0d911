#include "tests/unit/relay/fence_world.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::model {

using approval::data_state;

fence_world::fence_world(fence_budget left, omission left_out) : left_{left}, left_out_{left_out} {
    redis_.keys = {1, 1, record, {1, 1, 1, 1, fence_step::fed}};
    // One that was made before all that happens here.
    if (left_.restarts > 0 || left_.failover) copies_[copied_++] = redis_.keys;
    auto& watcher = nodes_[1];
    if (left_.keepers == 1) watcher.lease = true, watcher.lease_covers = 1, watcher.lease_run = 1;
}

packed_key<5> fence_world::key() const {
    packed_key<5> bits;
    const auto add_note = [&](const note& n) {
        bits.add(n.run, 2), bits.add(n.life, 3), bits.add(n.feed, 4), bits.add(n.cursor, 2);
        bits.add(static_cast<unsigned>(n.step), 2);
    };
    const auto add_data = [&](const data& d) {
        bits.add(d.top, 2), bits.add(d.snapshot, 2), bits.add(d.session, 3);
        add_note(d.fence);
    };
    bits.add(committed_, 2), bits.add(published_, 2), bits.add(delivered_, 2), bits.add(answered_, 2);
    bits.add(waited_, 2), bits.add(fed_run_, 2), bits.add(fed_feed_, 4), bits.add(refreshing_, 2), bits.add(redis_.run, 2);
    bits.add(is_spoilt_, 1), bits.add(left_.spoilt, 1), bits.add(left_.failover, 1);
    for (const auto budget : {left_.wipes, left_.restarts, left_.deaths, left_.failures, left_.rebuilds, left_.refreshes})
        bits.add(static_cast<unsigned>(budget), 2);
    add_data(redis_.keys);
    bits.add(demoted_.has_value(), 1);
    if (demoted_) add_data(demoted_->keys);
    bits.add(copied_, 2);
    for (std::size_t i = 0; i < copied_; ++i) add_data(copies_[i]);
    bits.add(database_went_back_, 1);
    // Nodes are alike.
    const bool in_order = left_.keepers == 1 || nodes_[0] <= nodes_[1];
    for (const auto* n : {&nodes_[in_order ? 0 : 1], &nodes_[in_order ? 1 : 0]}) {
        bits.add(n->dead, 1);
        if (n->dead) continue;
        bits.add(n->behind, 1), bits.add(static_cast<unsigned>(n->at), 4), bits.add(n->seen_run, 2);
        add_note(n->seen);
        bits.add(n->db_feed, 4), bits.add(n->db_run, 2), bits.add(n->db_newest, 2), bits.add(n->gathered, 2);
        bits.add(n->last, 1), bits.add(n->scanned, 2), bits.add(n->found, 2);
        add_note(n->known);
        bits.add(n->unmarked, 2), bits.add(n->may_mark, 1), bits.add(n->lease, 1), bits.add(n->lease_covers, 2);
        bits.add(n->lease_run, 2), bits.add(static_cast<unsigned>(n->make), 2), bits.add(n->hold, 3);
        bits.add(n->facts, 2);
    }
    return bits;
}

bool fence_world::is_whole() const {
    const auto& fence = redis_.keys.fence;
    return approval::judge(sight(redis_.run, fence), standing(fed_run_, fed_feed_, committed_, fence.cursor)) ==
           data_state::whole;
}

bool fence_world::in_redis(small row) const {
    return is_end(row) ? redis_.keys.session != record : redis_.keys.top >= version_of(row);
}

bool fence_world::believes(const node& n) const {
    return n.lease && (n.lease_run == redis_.run || left_out_ == omission::older_copy_believed);
}

void fence_world::come_back_with(const data& what) {
    ++redis_.run;
    redis_.keys = what;
    for (auto& n : nodes_) n.at = step::read;  // its link was lost; a lease of another run may still be held
}

void fence_world::fail_over_to(const data& copy) {
    left_.failover = false;
    demoted_ = std::exchange(redis_, server{static_cast<small>(redis_.run + 1), copy});
    for (auto& n : nodes_) n.behind = true;
}

template <class Change>
void fence_world::go(const visitor<fence_world>& visit, const char* what, Change change) const {
    auto next = *this;
    next.move_ = what;
    change(next);
    visit(std::move(next));
}

void fence_world::moves(const visitor<fence_world>& visit) const {
    go_on(visit);
    answer(visit);
    break_things(visit);
}

// What the nodes do.
void fence_world::go_on(const visitor<fence_world>& visit) const {
    static constexpr std::array<std::array<const char*, 10>, 2> names{{
        {"a:read", "a:judge", "a:open", "a:claim", "a:gather", "a:apply", "a:say", "a:scan", "a:post", "a:write"},
        {"b:read", "b:judge", "b:open", "b:claim", "b:gather", "b:apply", "b:say", "b:scan", "b:post", "b:write"}}};
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const auto& n = nodes_[i];
        if (n.dead) continue;
        const auto* const what = names[i][static_cast<std::size_t>(n.at)];
        const bool keeps = i < static_cast<std::size_t>(left_.keepers);
        if (keeps) go(visit, what, [i](auto& w) { w.keep(w.nodes_[i], fate::done); });
        const bool marks = n.unmarked != 0 && n.known != note{};
        if (marks) go(visit, "mark", [i](auto& w) { w.mark(w.nodes_[i], fate::done); });
        if (n.lease) {
            go(visit, "lease-ends", [i](auto& w) {
                auto& own = w.nodes_[i];
                own.lease = false, own.lease_covers = own.lease_run = 0;
            });
        }
        const bool begins = left_.rebuilds > 0 && believes(n) && redis_.keys.session == nothing && !has_ended();
        if (n.make == making::idle ? begins : true) {
            go(visit, "make-record", [i](auto& w) {
                auto& own = w.nodes_[i];
                if (own.make == making::idle) --w.left_.rebuilds;
                w.make_record(own);
            });
        }
        if (left_.failures > 0 && n.at != step::read) {
            go(visit, "LOST", [i](auto& w) { --w.left_.failures, w.keep(w.nodes_[i], fate::lost); });
            const bool writes = n.at == step::open || n.at == step::claim || n.at == step::apply || n.at == step::say ||
                                n.at == step::post || n.at == step::write;
            if (writes) {
                go(visit, "UNANSWERED", [i](auto& w) { --w.left_.failures, w.keep(w.nodes_[i], fate::unanswered); });
            }
            if (marks && n.may_mark) {
                go(visit, "MARK-UNANSWERED", [i](auto& w) { --w.left_.failures, w.mark(w.nodes_[i], fate::unanswered); });
            }
        }
        if (n.behind) go(visit, "follow", [i](auto& w) { w.nodes_[i].behind = false, w.nodes_[i].at = step::read; });
        if (left_.deaths > 0) go(visit, "DEATH", [i](auto& w) { --w.left_.deaths, w.nodes_[i] = {}, w.nodes_[i].dead = true; });
    }
}

// What those do who make changes, and who read facts.
void fence_world::answer(const visitor<fence_world>& visit) const {
    if (committed_ < rows) go(visit, "commit", [](auto& w) { ++w.committed_; });
    for (small row = 2; row <= committed_; ++row) {
        if (!(delivered_ & bit(row))) {
            go(visit, "deliver", [row](auto& w) { w.carry(w.redis_.keys, row), w.delivered_ |= bit(row); });
        }
        if (answered_ & bit(row)) continue;
        if (delivered_ & bit(row)) go(visit, "answered", [row](auto& w) { w.answered_ |= bit(row); });
        // None is left of a look that began before the row was committed.
        bool leases_have_run_out = left_out_ == omission::pending_told_at_once;
        leases_have_run_out = leases_have_run_out || std::ranges::none_of(nodes_, [row](const node& n) {
                                  return n.lease && n.lease_covers < row;
                              });
        if (leases_have_run_out && !(delivered_ & bit(row))) {
            go(visit, "answered-pending", [row](auto& w) { w.answered_ |= bit(row), w.waited_ |= bit(row); });
        }
    }
    if (left_.refreshes > 0 && refreshing_ == 0) {
        go(visit, "read-facts", [](auto& w) { --w.left_.refreshes, w.refreshing_ = w.version_of(w.committed_); });
    }
    if (refreshing_ != 0) {
        go(visit, "put-facts", [](auto& w) {
            w.redis_.keys.snapshot = std::max(w.redis_.keys.snapshot, w.refreshing_);
            w.refreshing_ = 0;
        });
    }
}

void fence_world::break_things(const visitor<fence_world>& visit) const {
    const auto& keys = redis_.keys;
    if (keys.session >= first_hold) go(visit, "hold-ends", [](auto& w) { w.redis_.keys.session = nothing; });
    if (left_.spoilt && published_ & bit(rows)) {
        go(visit, "SPOIL", [](auto& w) { w.left_.spoilt = false, w.is_spoilt_ = true; });
    }
    if (left_.wipes > 0) go(visit, "WIPE", [](auto& w) { --w.left_.wipes, w.redis_.keys = {}; });
    if (copied_ == 0) return;
    const bool needed = left_.restarts > 0 || left_.failover;
    if (needed && copied_ < 2 && keys != copies_[0]) {
        go(visit, "copy", [](auto& w) { w.copies_[w.copied_++] = w.redis_.keys; });
    }
    for (std::size_t i = 0; i < copied_; ++i) {
        const auto& copy = copies_[i];
        if (left_.restarts > 0) {
            go(visit, "RESTART-older", [&copy](auto& w) { --w.left_.restarts, w.come_back_with(copy); });
        }
        if (left_.failover) go(visit, "FAILOVER", [&copy](auto& w) { w.fail_over_to(copy); });
    }
    if (left_.restarts > 0) go(visit, "RESTART-empty", [](auto& w) { --w.left_.restarts, w.come_back_with({}); });
}

// What any check at this moment would say, and what the database believes of Redis.
std::optional<std::string> fence_world::wrong() const {
    if (database_went_back_) return "the database is taken for one that went back:";
    const auto& keys = redis_.keys;
    for (const auto& n : nodes_) {
        // Who is told what while two processes are fed is not looked at: replicas are not used yet.
        if (n.dead || !believes(n) || demoted_) continue;
        // Without a record, or without a snapshot, the ledger is asked.
        if (keys.session == tombstone && !has_ended()) return "a no to a living session:";
        if (keys.session != record) continue;
        if (has_ended() && answered_ & bit(rows)) return "a yes after the end was answered:";
        for (small row = 2; row <= committed_; ++row) {
            const bool told = !is_end(row) && answered_ & bit(row);
            if (told && keys.snapshot > 0 && keys.snapshot < version_of(row)) return "a status that was overtaken:";
        }
    }
    if (keys.snapshot < keys.top) return "a snapshot behind its stream:";
    if (is_whole()) {
        for (small row = 1; row <= committed_; ++row) {
            const bool said_to_be_there = published_ & bit(row) || row <= keys.fence.cursor;
            if (said_to_be_there && !in_redis(row)) return "Redis lacks a row and is taken for whole:";
        }
    }
    return std::nullopt;
}

bool fence_world::settled() const {
    if (committed_ != rows || answered_ != all_rows || published_ != all_rows || !is_whole()) return false;
    for (const auto& n : nodes_) {
        if (n.make != making::idle || n.unmarked != 0) return false;
    }
    return refreshing_ == 0 && in_redis(1) && in_redis(2);
}

}  // namespace stagedoor::model
