#include "tests/unit/session/rotation_model.hpp"

#include <algorithm>

#include "tests/unit/session/one_session.hpp"

namespace stagedoor::model {

rotation_world::rotation_world(bounds time, budget left, breakage broken)
    : time_{time},
      left_{left},
      broken_{broken},
      now_{some_day},
      with_changes_{left.changes > 0},
      with_rolls_{left.rolls > 0} {
    lost_age_.fill(never);
    record_ = session::first_record(ring(0), somebody(), facts(), some_day, {});
    key_of_[0] = record_->key_id;
}

bool rotation_world::may_roll(std::size_t node) const {
    if (roll_[node] == 2) return false;
    const bool accepted_everywhere = roll_[0] > 0 && roll_[1] > 0;
    return roll_[node] == 0 || accepted_everywhere || broken_ == breakage::keys_rolled_in_one_phase;
}

// What cannot matter any more is not in the key: a first use before `since`, and when the session was last seen.
rotation_key rotation_world::key() const {
    rotation_key bits;
    const auto add_known = [&](const session::acknowledgement& known) {
        bits.add(static_cast<unsigned>(known.status), 2);
        bits.add(known.told.has_value(), 1);
        if (!known.told) return;
        bits.add(static_cast<unsigned>(known.told->status), 2);
        bits.add(static_cast<unsigned>(known.told->previous), 2);
        bits.add(static_cast<unsigned>(known.told->version), 3);
        bits.add(!known.told->at ? 0 : *known.told->at == now_ ? 1 : 2, 2);
    };
    const auto add_record = [&](const std::optional<session::session_record>& record) {
        bits.add(record.has_value(), 1);
        if (!record) return;
        bits.add(record->generation, 4);
        bits.add(record->predecessor_dead, 1);
        if (tells()) add_known(record->acknowledged), add_known(record->previous_acknowledged);
        if (with_rolls_) bits.add(record->key_id, 2), bits.add(record->previous_key_id, 2);
        const bool used = record->first_used_at && *record->first_used_at >= at().since;
        bits.add(used, 1);
        if (!used) return;
        const auto ticks = (now_ - *record->first_used_at) / tick_time(time_);
        bits.add(static_cast<unsigned>(std::min<long>(ticks, time_.grace)), 4);
    };
    add_record(record_);
    add_record(copy_);
    bits.add(static_cast<unsigned>(left_.requests), 4);
    bits.add(static_cast<unsigned>(left_.crashes), 2);
    bits.add(static_cast<unsigned>(left_.copies), 2);
    bits.add(static_cast<unsigned>(left_.restores), 2);
    bits.add(static_cast<unsigned>(left_.wipes), 2);
    bits.add(jar_, 4);
    for (const auto age : lost_age_) bits.add(static_cast<unsigned>(age), 3);
    bits.add(left_.thief, 1);
    bits.add(stolen_ ? *stolen_ + 1 : 0, 4);
    bits.add(static_cast<unsigned>(successor_used_), 3);
    bits.add(outlived_, 1);
    if (tells()) {
        for (const auto count : {left_.changes, left_.acks, left_.pushes}) bits.add(static_cast<unsigned>(count), 2);
        for (const auto version : {version_, known_, told_, told_age_}) bits.add(static_cast<unsigned>(version), 3);
        bits.add(last_said_.has_value(), 1);
        const auto said = last_said_.value_or(saying{});
        bits.add(said.token, 4), bits.add(said.changed, 1), bits.add(static_cast<unsigned>(said.previous), 2);
    }
    if (with_rolls_) {
        bits.add(static_cast<unsigned>(left_.rolls), 3);
        for (const auto step : roll_) bits.add(static_cast<unsigned>(step), 2);
        for (const auto id : key_of_) bits.add(id, 2);
    }
    for (const auto& r : flying_) {
        bits.add(1, 1);
        bits.add(r.refresh, 1), bits.add(r.orphan, 1), bits.add(r.answered, 1);
        bits.add(static_cast<unsigned>(r.age), 3), bits.add(r.token, 4);
        if (tells()) bits.add(r.cookie, 1), bits.add(static_cast<unsigned>(r.version), 3), bits.add(r.changed, 1);
        if (tells()) bits.add(r.excused, 1);
    }
    return bits;
}

void rotation_world::moves(const visitor<rotation_world>& visit) const {
    if (wrong_) return;
    const auto go = [&](auto&& change) {
        auto next = *this;
        change(next);
        std::sort(next.flying_.begin(), next.flying_.end());  // tabs are alike
        visit(std::move(next));
    };
    if (left_.requests > 0 && flying_.size() < time_.in_flight) {
        go([](auto& w) { w.send(false); });
        go([](auto& w) { w.send(true); });
        if (left_.acks > 0 && known_ > 0) go([](auto& w) { --w.left_.acks, w.send(true, w.known_); });
    }
    if (left_.changes > 0) go([](auto& w) { w.change_status(); });
    if (left_.pushes > 0 && known_ > 0 && known_ < version_) {
        go([](auto& w) { --w.left_.pushes, w.note('p'), w.known_ = w.version_; });
    }
    for (std::size_t node = 0; left_.rolls > 0 && node < 2; ++node) {
        if (may_roll(node)) go([node](auto& w) { --w.left_.rolls, w.note(node == 0 ? '1' : '2'), ++w.roll_[node]; });
    }
    for (std::size_t i = 0; i < flying_.size(); ++i) {
        if (flying_[i].answered) {
            go([i](auto& w) { w.take(i); });
        } else {
            go([i](auto& w) { w.serve(i, false); });
            if (with_rolls_) go([i](auto& w) { w.serve(i, false, 1); });
            if (flying_[i].refresh) go([i](auto& w) { w.serve(i, true); });
        }
    }
    if (may_tick()) go([](auto& w) { w.tick(); });
    if (left_.crashes > 0) {
        for (std::uint32_t g = 0; g < max_generations; ++g) {
            if (g == jar_ || lost_age_[g] <= time_.crash_lag) go([g](auto& w) { w.crash(g); });
        }
    }
    if (left_.copies > 0) go([](auto& w) { --w.left_.copies, w.note('c'), w.copy_ = w.record_; });
    if (left_.restores > 0 && copy_) go([](auto& w) { --w.left_.restores, w.note('R'), w.come_back_with(w.copy_); });
    if (left_.wipes > 0) go([](auto& w) { --w.left_.wipes, w.note('W'), w.come_back_with({}); });
    if (left_.thief && !stolen_) go([](auto& w) { w.steal(); });
    // Two ways to end, which lead nowhere else.
    const auto end = [&](auto&& change) {
        auto last = *this;
        change(last);
        if (last.wrong_) visit(std::move(last));
    };
    if (stolen_) end([](auto& w) { w.present_stolen(); });
    if (flying_.empty()) end([](auto& w) { w.settle(); });
}

}  // namespace stagedoor::model
