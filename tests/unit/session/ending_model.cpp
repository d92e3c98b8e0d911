#include "tests/unit/session/ending_model.hpp"

#include <algorithm>

#include "tests/unit/session/one_session.hpp"

namespace stagedoor::model {
namespace {

const session::moment now{some_day + limits::touch_interval, {}};  // so that each use is worth a write

session::session_record from_ledger(std::uint32_t token) {
    const auto& facts = first_facts();
    const session::ledger_facts ledger{facts.epoch, facts.status, some_day,
                                       some_day + limits::session_absolute_default};
    return session::rebuilt_record(some_keys(), somebody(), ledger, token, some_keys().signing_key_id(), some_day);
}

}  // namespace

ending_world::ending_world(int checks, int refreshes, bool warm, ending_budget left, shortcut cut)
    : left_{left}, cut_{cut}, checks_{checks}, refreshes_{refreshes} {
    if (warm) redis_ = number_of(session::first_record(some_keys(), somebody(), first_facts(), some_day, {}));
}

std::uint8_t ending_world::number_of(const session::session_record& record) {
    const auto found = std::find(records_.begin(), records_.end(), record);
    if (found == records_.end()) records_.push_back(record);
    return static_cast<std::uint8_t>(std::find(records_.begin(), records_.end(), record) - records_.begin());
}

key_bits ending_world::key() const {
    key_bits bits;
    const auto small = [&](auto n, unsigned width) { bits.add(static_cast<std::uint64_t>(n), width); };
    const auto add_stored = [&](const stored& what) {
        small(what.index(), 2);
        if (const auto* n = std::get_if<std::uint8_t>(&what)) {
            const auto& record = records_[*n];
            small(record.generation, 3), small(record.predecessor_dead, 1), small(record.first_used_at.has_value(), 1);
            small(record.last_seen_at == now.now, 1);
        }
        if (const auto* hold = std::get_if<held>(&what)) small(hold->number, 3);
    };
    small(left_.copies, 2), small(left_.restores, 2), small(left_.wipes, 2), small(left_.expiries, 2);
    small(left_.deaths, 2), small(checks_, 3), small(refreshes_, 3);
    small(ended_, 1), small(untold_, 1), small(ender_, 2), small(believed_, 1), small(replayed_, 1);
    small(newest_token_, 3);
    add_stored(redis_);
    small(copy_.has_value(), 1);
    if (copy_) add_stored(*copy_);
    for (const auto& r : requests_) {
        small(1, 1), small(r.refresh, 1), small(r.at, 4), small(r.token, 3);
        small(r.before_end, 1), small(r.after_end, 1);
        if (r.at == place::touch || r.at == place::rotate || r.at == place::forward) add_stored(r.seen);
        if (r.at == place::find || r.at == place::put) small(r.seen, 3);
    }
    return bits;
}

std::optional<std::string> ending_world::wrong() const {
    if (wrong_) return wrong_;
    // All is quiet and told, and yet there is a record to be believed.
    const bool quiet = requests_.empty() && !untold_ && believed_;
    if (ended_ && quiet && std::holds_alternative<std::uint8_t>(redis_)) return "a record outlived the end: " + trail_;
    return std::nullopt;
}

void ending_world::moves(const visitor<ending_world>& visit) const {
    if (wrong_) return;
    const auto go = [&](const char* what, auto&& change) {
        auto next = *this;
        next.note(what);
        change(next);
        std::sort(next.requests_.begin(), next.requests_.end());
        visit(std::move(next));
    };
    if (checks_ > 0) go("check", [](auto& w) { --w.checks_, w.begin(false); });
    if (refreshes_ > 0) go("refresh", [](auto& w) { --w.refreshes_, w.begin(true); });
    for (std::size_t i = 0; i < requests_.size(); ++i) {
        go("step", [i](auto& w) { w.step(i); });
        if (left_.deaths == 0) continue;
        go("death", [i](auto& w) {
            --w.left_.deaths;
            w.requests_.erase(w.requests_.begin() + static_cast<std::ptrdiff_t>(i));
        });
    }

    // The end: committed, buried by the relay, answered when Redis has been told or is not believed.
    const bool redis_first = cut_ == shortcut::redis_before_ledger;
    if (redis_first && ender_ == ender::idle)
        go("bury", [](auto& w) { w.redis_ = buried{}, w.ender_ = ender::buried_first; });
    if (ender_ == (redis_first ? ender::buried_first : ender::idle)) {
        go("end", [=](auto& w) { w.ended_ = true, w.untold_ = !redis_first, w.ender_ = ender::committed; });
    }
    if (untold_) go("relay", [](auto& w) { w.redis_ = buried{}, w.untold_ = false; });
    if (untold_ && believed_) go("lease-ends", [](auto& w) { w.believed_ = false; });
    if (ender_ == ender::committed && (!untold_ || !believed_ || cut_ == shortcut::answered_unburied))
        go("answered", [](auto& w) { w.ender_ = ender::answered; });

    const bool short_requests =
        std::none_of(requests_.begin(), requests_.end(), [](const auto& r) { return r.before_end; });
    const bool may_expire = std::holds_alternative<held>(redis_) ||
                            (std::holds_alternative<buried>(redis_) && (short_requests || left_.frozen));
    if (left_.expiries > 0 && may_expire)
        go("expiry", [](auto& w) { --w.left_.expiries, w.redis_ = {}; });
    if (left_.copies > 0) go("copy", [](auto& w) { --w.left_.copies, w.copy_ = w.redis_; });
    if (left_.restores > 0 && copy_) go("RESTORE", [](auto& w) { --w.left_.restores, w.come_back_with(*w.copy_); });
    if (left_.wipes > 0) go("WIPE", [](auto& w) { --w.left_.wipes, w.come_back_with({}); });
    if (!replayed_)
        go("replay", [](auto& w) {
            w.replayed_ = true;
            if (w.ended_ && w.cut_ != shortcut::ends_not_replayed) w.redis_ = buried{};
        });
    if (!believed_ && replayed_ && !untold_) go("grant", [](auto& w) { w.believed_ = true; });
}

// Its connections are gone, and with them what was on its way: those requests ask the ledger.
void ending_world::come_back_with(stored what) {
    redis_ = what;
    if (cut_ != shortcut::older_copy_believed) believed_ = replayed_ = false;
    for (auto& r : requests_) {
        if (r.at != place::find && r.at != place::find_again) r.at = place::ask_ledger, r.seen = 0;
    }
}

void ending_world::begin(bool refresh) {
    requests_.push_back({refresh, place::load, newest_token_, !ended_, ender_ == ender::answered, 0});
}

void ending_world::answer(const request& r, bool yes) {
    if (yes && r.after_end) wrong_ = "a yes after the end was answered: " + trail_;
    if (!yes && ender_ == ender::idle) wrong_ = "a no to a living session: " + trail_;
}

std::uint8_t ending_world::next_hold() const {
    if (cut_ == shortcut::holds_alike) return 1;
    const auto is_known = [this](std::uint8_t number) {
        const auto is_it = [number](const stored& what) {
            const auto* const hold = std::get_if<held>(&what);
            return hold && hold->number == number;
        };
        return is_it(redis_) || (copy_ && is_it(*copy_)) ||
               std::any_of(requests_.begin(), requests_.end(), [number](const auto& r) {
                   return (r.at == place::find || r.at == place::put) && r.seen == number;
               });
    };
    std::uint8_t number = 1;
    while (is_known(number)) ++number;
    return number;
}

void ending_world::hold(request& r) {
    const bool is_free = redis_.index() == 0;
    r.at = is_free ? place::find : place::load;
    r.seen = is_free ? next_hold() : std::uint8_t{0};
    if (is_free) redis_ = held{r.seen};
}

void ending_world::put(request& r) {
    const auto* const hold = std::get_if<held>(&redis_);
    const bool mine = by_former_rule() ? redis_.index() == 0 : hold && hold->number == r.seen;
    if (mine || cut_ == shortcut::rebuild_over_all) redis_ = number_of(from_ledger(r.token));
    r.at = cut_ == shortcut::second_look ? place::find_again : place::load;
    r.seen = 0;
}

bool ending_world::swap(std::uint8_t expected, const session::session_record& next) {
    const bool same = redis_.index() == 1 && std::get<std::uint8_t>(redis_) == expected;
    if (!same && cut_ != shortcut::touch_without_compare) return false;
    redis_ = number_of(next);
    return true;
}

// What an MGET leads to.
void ending_world::look(request& r, bool& done) {
    if (!believed_) {
        r.at = place::ask_ledger;
        return;
    }
    if (redis_.index() == 0) {
        r.at = by_former_rule() ? place::find : place::hold;
        return;
    }
    if (std::holds_alternative<held>(redis_)) {
        r.at = place::ask_ledger;
        return;
    }
    if (std::holds_alternative<buried>(redis_)) {
        done = true;
        return answer(r, false);
    }
    r.seen = std::get<std::uint8_t>(redis_);
    const auto where = session::judge(records_[r.seen], somebody(), r.token, first_facts(), now, {});
    if (!where) {
        done = true;
        return answer(r, false);
    }
    if (*where == session::standing::ahead) {
        r.at = place::forward;
    } else if (session::after_use(records_[r.seen], *where, now, {})) {
        r.at = place::touch;
    } else if (r.refresh) {
        r.at = place::rotate;
    } else {
        done = true;
        answer(r, true);
    }
}

void ending_world::step(std::size_t which) {
    auto r = requests_[which];
    requests_.erase(requests_.begin() + static_cast<std::ptrdiff_t>(which));
    bool done = false;
    const auto finish = [&](bool yes) { done = true, answer(r, yes); };
    const auto where_now = [&] {
        return *session::judge(records_[r.seen], somebody(), r.token, first_facts(), now, {});
    };
    switch (r.at) {
        case place::load:
            look(r, done);
            break;
        case place::hold:
            hold(r);
            break;
        case place::find:
            r.at = ended_ ? place::bury : place::put;
            break;
        case place::put:
            put(r);
            break;
        case place::find_again:
            r.at = ended_ ? place::bury : place::load;
            break;
        case place::bury:
            redis_ = buried{};
            finish(false);
            break;
        case place::forward: {
            const auto key_id = some_keys().signing_key_id();
            swap(r.seen, session::moved_forward(some_keys(), somebody(), records_[r.seen], r.token, key_id));
            r.at = place::load;
            break;
        }
        case place::touch: {
            const auto next = *session::after_use(records_[r.seen], where_now(), now, {});
            // Losing the race leaves the verdict as it is; a refresh then compares with what is no longer there.
            if (swap(r.seen, next)) r.seen = number_of(next);
            if (r.refresh)
                r.at = place::rotate;
            else
                finish(true);
            break;
        }
        case place::rotate: {
            const auto outcome =
                session::refresh(some_keys(), somebody(), records_[r.seen], where_now(), first_facts(), {}, now);
            if (outcome.record == records_[r.seen] || swap(r.seen, outcome.record)) {
                newest_token_ = std::max(newest_token_, outcome.hand_out.value_or(0));
                finish(true);
            } else {
                r.at = place::load;
            }
            break;
        }
        case place::ask_ledger:
            finish(!ended_);
            break;
    }
    if (!done) requests_.push_back(r);
}

}  // namespace stagedoor::model
