#include "tests/unit/relay/relay_world.hpp"

#include <algorithm>
#include <utility>

namespace stagedoor::model {

using approval::data_state;

namespace {

std::string name(const char* what, unsigned number) { return number == 0 ? "" : what + std::to_string(number); }

}  // namespace

relay_world::relay_world(relay_budget left, skipped rule) : left_{left}, rule_{rule} {
    redis_.fence = {1, 1, 1, 0, fence_step::fed, 0};
    redis_.admins = {1, 1, 0, {}};
    console_.incarnation = 1;
    for (auto& r : relays_) learn(r);
}

packed_key<5> relay_world::key() const {
    packed_key<5> bits;
    const auto add_note = [&](const note& n) {
        bits.add(n.run, 2), bits.add(n.life, 3), bits.add(n.feed, 3), bits.add(n.cursor, 2);
        bits.add(static_cast<unsigned>(n.step), 2), bits.add(n.from, 2);
    };
    const auto add_data = [&](const data& d) {
        bits.add(d.stream, 3), bits.add(d.top, 2), bits.add(d.snapshot, 2);
        bits.add(d.admins.incarnation, 3), bits.add(d.admins.of_life, 3), bits.add(d.admins.size, 3);
        for (const auto event : d.admins.events) bits.add(event, 2);
        add_note(d.fence);
    };
    bits.add(committed_, 2), bits.add(published_, 3), bits.add(purged_, 3), bits.add(fed_run_, 2), bits.add(fed_feed_, 3);
    bits.add(run_, 2);
    for (const auto budget : {left_.failures, left_.deaths, left_.purges, left_.wipes, left_.restores, left_.looks})
        bits.add(static_cast<unsigned>(budget), 2);
    add_data(redis_);
    bits.add(copy_.has_value(), 1);
    if (copy_) add_data(*copy_);
    bits.add(leftovers_.batch, 3), bits.add(leftovers_.admins_next, 1), bits.add(leftovers_.run, 1);
    bits.add(console_.incarnation, 3), bits.add(console_.position, 3), bits.add(console_.seen, 3);
    bits.add(console_.streamed, 3), bits.add(console_.twice, 1);
    // Relays are alike.
    const bool in_order = relays_[0] <= relays_[1];
    for (const auto* r : {&relays_[in_order ? 0 : 1], &relays_[in_order ? 1 : 0]}) {
        bits.add(r->dead, 1);
        if (r->dead) continue;
        bits.add(static_cast<unsigned>(r->at), 4);
        add_note(r->replaying), add_note(r->known);
        bits.add(r->batch, 3), bits.add(r->call, 3), bits.add(r->gaps, 3), bits.add(r->taken, 3), bits.add(r->gapped, 3);
        bits.add(r->gap_top, 2), bits.add(r->run_first, 2), bits.add(r->run_last, 2), bits.add(r->run_next, 2);
        bits.add(r->last, 2), bits.add(r->failed, 1), bits.add(r->life, 3), bits.add(r->unmarked, 3);
        bits.add(r->may_mark, 1);
    }
    return bits;
}

relay_world::small relay_world::unused_life() const {
    for (small life = 1;; ++life) {
        bool used = redis_.fence.life == life || redis_.admins.of_life == life;
        if (copy_) used = used || copy_->fence.life == life || copy_->admins.of_life == life;
        for (const auto& r : relays_) used = used || r.known.life == life || r.replaying.life == life || r.life == life;
        if (!used) return life;
    }
}

relay_world::small relay_world::unused_incarnation() const {
    for (small incarnation = 1;; ++incarnation) {
        bool used = redis_.admins.incarnation == incarnation || console_.incarnation == incarnation;
        if (copy_) used = used || copy_->admins.incarnation == incarnation;
        if (!used) return incarnation;
    }
}

void relay_world::open_replay() {
    const approval::outbox_standing db{std::nullopt, committed_, {name("run", fed_run_), fed_feed_}};
    const auto first = approval::open_replay(sight(), db, false, "life", {});
    const auto cursor = static_cast<small>(first.cursor);
    redis_.fence = {run_, unused_life(), static_cast<small>(first.feed), cursor, first.step, cursor};
    fed_feed_ = redis_.fence.feed, fed_run_ = run_;
}

template <class Change>
void relay_world::go(const visitor<relay_world>& visit, const char* what, Change change) const {
    auto next = *this;
    next.move_ = what;
    change(next);
    visit(std::move(next));
}

void relay_world::moves(const visitor<relay_world>& visit) const {
    const auto now = state();
    for (std::size_t i = 0; i < relays_.size(); ++i) {
        if (!relays_[i].dead) relay_moves(visit, i, now);
    }
    if (committed_ < left_.rows) go(visit, "commit", [](auto& w) { ++w.committed_; });
    if (leftovers_.batch != 0) {
        go(visit, "late", [](auto& w) { w.do_leftover(); });
        go(visit, "never", [](auto& w) { w.leftovers_ = {}; });
    }
    if (now == data_state::broken) go(visit, "open", [](auto& w) { w.open_replay(); });
    // The fence is read with the stream (N1): one that is not good is a lost link.
    if (left_.looks > 0 && now == data_state::whole) go(visit, "look", [](auto& w) { --w.left_.looks, w.look(w.console_); });

    const auto old = static_cast<small>(published_ & ~purged_ & ((1U << committed_) - 1) >> 1);  // the last change stays
    if (left_.purges > 0 && old != 0) go(visit, "PURGE", [old](auto& w) { --w.left_.purges, w.purged_ |= old; });
    if (left_.wipes > 0) go(visit, "WIPE", [](auto& w) { --w.left_.wipes, w.redis_ = {}; });
    if (left_.restores > 0 && !copy_) go(visit, "copy", [](auto& w) { w.copy_ = w.redis_; });
    if (left_.restores > 0 && copy_) {
        go(visit, "RESTORE", [](auto& w) {
            --w.left_.restores, ++w.run_;
            w.redis_ = *std::exchange(w.copy_, std::nullopt);
            w.leftovers_ = {};
            for (auto& r : w.relays_) {
                if (r.at == step::user || r.at == step::admins || r.at == step::post || r.at == step::rebase) {
                    w.break_pipeline(r, false);
                }
            }
        });
    }
}

void relay_world::relay_moves(const visitor<relay_world>& visit, std::size_t i, data_state now) const {
    static constexpr std::array<const char*, 9> names{"replay", "rows", "to-user", "to-admins", "run", "mend", "rebase", "say", "begin"};
    const auto& r = relays_[i];
    if (r.at == step::idle) {
        const auto waiting = static_cast<small>(((1U << committed_) - 1) & ~published_ & ~r.unmarked);
        if (r.known != note{} && waiting != 0) {
            go(visit, "scan", [=](auto& w) { w.begin(w.relays_[i], waiting); });
        }
        for (small row = 1; row <= committed_; ++row) {
            if (waiting & bit(row) && waiting != bit(row)) {
                go(visit, "submitted", [=](auto& w) { w.begin(w.relays_[i], bit(row)); });
            }
        }
        if (now == data_state::replaying) go(visit, "replay", [=](auto& w) { w.advance(w.relays_[i]); });
    } else if (r.at == step::user) {
        const auto one = bit(lowest(r.batch));
        go(visit, "to-user", [=](auto& w) { w.send_to_users(w.relays_[i], one); });
        if (r.batch != one) go(visit, "to-users", [=](auto& w) { w.send_to_users(w.relays_[i], w.relays_[i].batch); });
    } else {
        go(visit, names[static_cast<std::size_t>(r.at)], [=](auto& w) { w.advance(w.relays_[i]); });
    }
    if (r.known != life_by(now)) go(visit, "learn", [=](auto& w) { w.learn(w.relays_[i]); });
    if (r.unmarked != 0 && r.known != note{}) go(visit, "mark", [=](auto& w) { w.mark(w.relays_[i]); });

    const bool sends = r.at == step::user || r.at == step::admins || r.at == step::post || r.at == step::rebase;
    if (left_.failures > 0 && sends) {
        go(visit, "FAILS", [=](auto& w) { --w.left_.failures, w.break_pipeline(w.relays_[i], false); });
        if (leftovers_.batch == 0) {
            go(visit, "FAILS-LATE", [=](auto& w) { --w.left_.failures, w.break_pipeline(w.relays_[i], true); });
        }
    }
    if (left_.deaths > 0) {
        const auto die = [=](auto& w, bool still_done) {
            --w.left_.deaths;
            if (still_done) w.break_pipeline(w.relays_[i], true);
            w.relays_[i] = {};
            w.relays_[i].dead = true;
        };
        go(visit, "DIES", [=](auto& w) { die(w, false); });
        if (sends && leftovers_.batch == 0) go(visit, "DIES-SENT", [=](auto& w) { die(w, true); });
    }
}

std::optional<std::string> relay_world::wrong() const {
    const auto& [stream, top, snapshot, admins, fence] = redis_;
    const auto missing = static_cast<small>(((1U << top) - 1) & ~stream);
    if ((missing & ~purged_) != 0) return "a stream without a version that the outbox has:";
    if (stream != 0 && missing >= stream) return "a hole in a stream:";
    if (highest(stream) != top) return "a stream that is not at its top:";
    if (snapshot < top) return "a snapshot behind its stream:";
    const auto* const end = admins.events.begin() + admins.size;
    for (const auto* event = admins.events.begin(); event != end; ++event) {
        if (std::find(event + 1, end, *event) != end) return "admins hear of an event twice:";
    }
    if (console_.twice) return "a console hears of an event twice:";
    if (state() != data_state::whole) return std::nullopt;
    for (small row = 1; row <= committed_; ++row) {
        const bool said_to_be_there = published_ & bit(row) || row <= fence.cursor;
        if (!said_to_be_there) continue;
        if (top < row) return "a user lacks a published row:";
        const bool told = std::find(admins.events.begin(), end, row) != end;
        if (!told && row > fence.from && !(purged_ & bit(row))) return "the admins lack a published row:";
    }
    return std::nullopt;
}

bool relay_world::settled() const {
    const auto all = static_cast<small>((1U << left_.rows) - 1);
    if (committed_ != left_.rows || published_ != all || redis_.top != left_.rows || leftovers_.batch != 0) return false;
    for (const auto& r : relays_) {
        if (r.at != step::idle || r.unmarked != 0) return false;
    }
    auto last_look = console_;
    look(last_look);
    return state() == data_state::whole && last_look.seen == all && !last_look.twice;
}

}  // namespace stagedoor::model
