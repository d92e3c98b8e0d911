// What relays and scripts of relay_world.hpp do, step by step.
#include <algorithm>
#include <bit>
#include <utility>

#include "tests/support/stream_model.hpp"
#include "tests/unit/relay/relay_world.hpp"

namespace stagedoor::model {

using approval::posted;

namespace {

constexpr int run_length = 2;  // limits::stream_entries, small

std::string name(const char* what, unsigned number) { return number == 0 ? "" : what + std::to_string(number); }

}  // namespace

relay_world::small relay_world::lowest(small bits) { return static_cast<small>(std::countr_zero(bits) + 1); }
relay_world::small relay_world::highest(small bits) { return static_cast<small>(std::bit_width(bits)); }

fence relay_world::as_fence(const note& what) const {
    return {name("run", what.run), name("life", what.life), what.feed, {}, what.step, "", what.cursor, name("row", what.cursor)};
}

approval::fence_sight relay_world::sight() const {
    approval::fence_sight seen{name("run", run_), {}, std::nullopt};
    if (redis_.fence != note{}) seen.what = as_fence(redis_.fence);
    return seen;
}

approval::data_state relay_world::state() const {
    approval::outbox_standing db{std::nullopt, committed_, {name("run", fed_run_), fed_feed_}};
    const auto cursor = redis_.fence.cursor;
    if (cursor > 0 && !(purged_ & bit(cursor))) db.at_cursor = name("row", cursor);
    return judge(sight(), db);
}

result<posted> relay_world::post_to_user(small version, small snapshot) {
    user_stream now{redis_.stream, redis_.top, redis_.snapshot};
    if (rule_ == skipped::chain) now.top = std::max(now.top, static_cast<small>(version - 1));
    const auto reply = now.post(version, snapshot);
    redis_.stream = now.versions, redis_.top = now.top, redis_.snapshot = now.snapshot;
    switch (reply) {
        case user_stream::reply::ok:
            return posted{posted::outcome::ok, now.top};
        case user_stream::reply::dup:
            return posted{posted::outcome::dup, now.top};
        case user_stream::reply::gap:
            break;
    }
    return posted{posted::outcome::gap, now.top};
}

result<bool> relay_world::rebase(small seen_top, small first, small last) {
    user_stream now{redis_.stream, redis_.top, redis_.snapshot};
    const bool done = now.rebase(seen_top, first, last);
    redis_.stream = now.versions, redis_.top = now.top, redis_.snapshot = now.snapshot;
    return result<bool>{boost::system::in_place_value, done};
}

// relay_admin_events.lua
void relay_world::post_to_admins(small version) {
    auto& admins = redis_.admins;
    if (admins.incarnation == 0) admins = {unused_incarnation(), 0, 0, {}};
    const auto known = std::count(admins.events.begin(), admins.events.begin() + admins.size, version);
    if (known > 0 && rule_ != skipped::refusal_of_repeats) return;
    admins.events[admins.size++] = version;
}

// begin_admin_feed.lua
void relay_world::begin_admins_anew(small life) {
    if (redis_.admins.of_life == life || rule_ == skipped::new_incarnation) return;
    redis_.admins = {unused_incarnation(), life, 0, {}};
}

void relay_world::begin(relay& r, small rows) {
    r.batch = rows;
    r.last = highest(rows);
    r.life = r.known.life;
    r.at = step::user;
}

void relay_world::advance(relay& r) {
    switch (r.at) {
        case step::idle:  // a step of a replay begins
            r.replaying = redis_.fence;
            r.at = r.replaying.step == fence_step::bury ? step::begin_admins : step::scan;
            return;
        case step::scan:
            return read_for_replay(r);
        case step::user:
            return send_to_users(r, r.batch);
        case step::admins:
            for (small rows = r.call; rows != 0; rows = static_cast<small>(rows & (rows - 1))) post_to_admins(lowest(rows));
            return take(r, {});
        case step::read:
            return read_run(r);
        case step::post: {
            const auto outcome = outcome_of_post(post_to_user(r.run_next, r.run_last));
            if (outcome && r.run_next < r.run_last) {
                ++r.run_next;
                return;
            }
            return after_run(r, outcome);
        }
        case step::rebase:
            return after_run(r, approval::outcome_of_rebase(rebase(r.gap_top, r.run_first, r.run_last)));
        case step::say:
            return say(r);
        case step::begin_admins:
            begin_admins_anew(r.replaying.life);
            r.at = step::say;
            return;
    }
}

// Published or not.
void relay_world::read_for_replay(relay& r) {
    small rows = 0;
    for (small row = static_cast<small>(r.replaying.cursor + 1); row <= committed_; ++row) {
        if (!(purged_ & bit(row)) && std::popcount(rows) < run_length) rows |= bit(row);
    }
    if (rows == 0) {
        r.at = step::say;
        return;
    }
    begin(r, rows);
}

void relay_world::send_to_users(relay& r, small call) {
    r.call = call;
    for (small rows = call; rows != 0; rows = static_cast<small>(rows & (rows - 1))) {
        const small row = lowest(rows);
        const auto reply = post_to_user(row, row);
        if (reply->what != posted::outcome::gap) continue;
        if (r.gapped == 0 && r.gaps == 0) r.gap_top = static_cast<small>(reply->top);
        r.gaps |= bit(row);
    }
    r.at = step::admins;
}

// What became of the rows of a call.
void relay_world::take(relay& r, const result<void>& to_admins) {
    for (small rows = r.call; rows != 0; rows = static_cast<small>(rows & (rows - 1))) {
        const auto row = bit(lowest(rows));
        const result<posted> to_user = posted{r.gaps & row ? posted::outcome::gap : posted::outcome::ok, r.gap_top};
        const auto outcome = rule_ == skipped::admins ? to_user : taken_by_both(to_user, to_admins);
        if (!outcome) {
            r.failed = true;
        } else if (outcome->what == posted::outcome::gap) {
            r.gapped |= row;
        } else {
            r.taken |= row;
        }
    }
    r.batch = static_cast<small>(r.batch & ~r.call);
    r.call = r.gaps = 0;
    if (!to_admins) r.failed = true, r.batch = 0;  // the pipeline broke
    r.at = step::user;
    if (r.batch == 0) mend_or_finish(r);
}

void relay_world::mend_or_finish(relay& r) {
    if (r.gapped == 0) return finish(r);
    r.at = step::read;
}

void relay_world::read_run(relay& r) {
    std::optional<std::int64_t> first;
    for (auto version = static_cast<small>(r.gap_top + 1); version <= committed_ && !first; ++version) {
        if (!(purged_ & bit(version))) first = version;
    }
    const auto how = approval::how_to_mend(r.gap_top, first);
    if (!how) return after_run(r, how.error());
    r.run_first = r.run_next = static_cast<small>(*first);
    r.run_last = std::min<small>(static_cast<small>(r.run_first + run_length - 1), committed_);
    r.at = *how == approval::mend::post || rule_ == skipped::rebase ? step::post : step::rebase;
}

void relay_world::after_run(relay& r, const result<void>& outcome) {
    if (outcome) {
        r.gap_top = r.run_last;
        r.at = step::read;
        if (r.gap_top < highest(r.gapped)) return;
        r.taken |= r.gapped;
    } else {
        r.failed = true;
    }
    r.gapped = 0;
    finish(r);
}

void relay_world::finish(relay& r) {
    const bool says = r.replaying != note{} && !r.failed;
    const bool notes = r.replaying == note{} && r.life != 0 && r.life == r.known.life;
    if (notes) r.unmarked |= r.taken;
    r.batch = r.taken = r.gapped = r.gap_top = r.run_first = r.run_last = r.run_next = r.life = r.call = r.gaps = 0;
    r.failed = false;
    r.at = says ? step::say : step::idle;
    if (!says) r.replaying = {}, r.last = 0;
}

void relay_world::say(relay& r) {
    auto at = as_fence(r.replaying);
    const bool sending = r.replaying.step == fence_step::send;
    if (sending && r.last != 0) at = approval::moved_on(std::move(at), {r.last, name("row", r.last)});
    const bool done = !sending || r.last == 0;
    if (done) at = approval::next_step(std::move(at));
    auto next = r.replaying;
    next.cursor = static_cast<small>(at.cursor), next.step = at.step;
    if (redis_.fence == r.replaying || rule_ == skipped::look_at_the_fence) redis_.fence = next;
    r.replaying = {}, r.last = 0;
    r.at = step::idle;
}

// What a keeper's look makes known.
relay_world::note relay_world::life_by(approval::data_state judged) const {
    if (judged != approval::data_state::whole) return {};
    return {redis_.fence.run, redis_.fence.life, redis_.fence.feed, 0, fence_step::fed, 0};
}

void relay_world::learn(relay& r) {
    r.known = life_by(state());
    r.unmarked = 0, r.may_mark = false;
}

void relay_world::mark(relay& r) {
    const bool blind = rule_ == skipped::look_at_the_fence;
    if (!r.may_mark && !blind) {
        r.may_mark = may_mark(sight(), as_fence(r.known));
        return;
    }
    const bool fed = fed_feed_ == r.known.feed && fed_run_ == r.known.run;
    if (fed || blind) published_ |= r.unmarked;
    r.unmarked = 0, r.may_mark = false;
}

// The command at hand and all after it failed, as far as their relay knows.
void relay_world::break_pipeline(relay& r, bool still_done) {
    const bool in_batch = r.at == step::user || r.at == step::admins;
    if (still_done && in_batch) leftovers_ = {r.batch, r.at == step::admins, false};
    if (still_done && r.at == step::post) {
        for (small version = r.run_next; version <= r.run_last; ++version) leftovers_.batch |= bit(version);
        leftovers_.run = true;
    }
    if (still_done && r.at == step::rebase) rebase(r.gap_top, r.run_first, r.run_last);
    if (r.at == step::admins) return take(r, errc::redis_unavailable);
    r.failed = true;
    r.batch = 0;
    if (r.at == step::user) return mend_or_finish(r);
    r.gapped = 0;
    finish(r);
}

void relay_world::do_leftover() {
    const small row = lowest(leftovers_.batch);
    if (leftovers_.admins_next) {
        post_to_admins(row);
    } else {
        post_to_user(row, leftovers_.run ? highest(leftovers_.batch) : row);
    }
    leftovers_.admins_next = !leftovers_.admins_next && !leftovers_.run;
    if (!leftovers_.admins_next) leftovers_.batch = static_cast<small>(leftovers_.batch & ~bit(row));
    if (leftovers_.batch == 0) leftovers_ = {};
}

// A position of another incarnation, or past the end, is none: it loads the list anew, from the database.
void relay_world::look(console& c) const {
    const auto& admins = redis_.admins;
    if (c.incarnation != admins.incarnation || c.position > admins.size) {
        c.seen = static_cast<small>((1U << committed_) - 1);
        c.streamed = 0;
    } else {
        for (small i = c.position; i < admins.size; ++i) {
            c.twice = c.twice || c.streamed & bit(admins.events[i]);
            c.streamed |= bit(admins.events[i]);
            c.seen |= bit(admins.events[i]);
        }
    }
    c.incarnation = admins.incarnation, c.position = admins.size;
}

}  // namespace stagedoor::model
