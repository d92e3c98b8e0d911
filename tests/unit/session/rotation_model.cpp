#include "tests/unit/session/rotation_model.hpp"

#include <algorithm>

#include "tests/unit/session/one_session.hpp"

namespace stagedoor::model {

namespace {

const auto& keys = some_keys;
const auto& who = somebody;
const auto& facts = first_facts;

}  // namespace

rotation_world::rotation_world(bounds time, budget left, breakage broken)
    : time_{time},
      left_{left},
      broken_{broken},
      now_{some_day},
      record_{session::first_record(keys(), who(), facts(), some_day, {})} {
    lost_age_.fill(never);
}

// What cannot matter any more is not in the key: a first use before `since`, and when the session was last seen.
key_bits rotation_world::key() const {
    key_bits bits;
    const auto add_record = [&](const std::optional<session::session_record>& record) {
        bits.add(record.has_value(), 1);
        if (!record) return;
        bits.add(record->generation, 4);
        bits.add(record->predecessor_dead, 1);
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
    for (const auto& r : flying_) {
        bits.add(1, 1);
        bits.add(r.refresh, 1), bits.add(r.orphan, 1), bits.add(r.answered, 1);
        bits.add(static_cast<unsigned>(r.age), 3), bits.add(r.token, 4);
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
    }
    for (std::size_t i = 0; i < flying_.size(); ++i) {
        if (flying_[i].answered) {
            go([i](auto& w) { w.take(i); });
        } else {
            go([i](auto& w) { w.serve(i, false); });
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

void rotation_world::send(bool refresh) {
    --left_.requests;
    note(refresh ? 'r' : 'k');
    flying_.push_back({refresh, false, false, 0, jar_});
}

void rotation_world::set_jar(std::uint32_t token) {
    lost_age_[jar_] = 0;
    jar_ = token;
    lost_age_[jar_] = never;
}

void rotation_world::take(std::size_t answer) {
    note('a');
    set_jar(flying_[answer].token);
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(answer));
}

void rotation_world::crash(std::uint32_t jar) {
    --left_.crashes;
    note('C');
    jar_ = jar;
    lost_age_.fill(never);
    std::erase_if(flying_, [](const auto& r) { return r.answered; });
    for (auto& r : flying_) r.orphan = true;
}

// As session_service::check does it.
result<session::standing> rotation_world::check(std::uint32_t token) {
    const auto key_id = keys().signing_key_id();
    if (!record_) {
        const session::ledger_facts ledger{facts().epoch, facts().status, now_,
                                           now_ + limits::session_absolute_default};
        record_ = session::rebuilt_record(keys(), who(), ledger, token, key_id, now_);
        if (broken_ == breakage::rebuilt_without_predecessor) record_->predecessor_dead = true;
    }
    auto where = session::judge(*record_, who(), token, facts(), at(), {});
    if (where && *where == session::standing::ahead) {
        if (broken_ == breakage::ahead_is_reused) return errc::session_token_reused;
        record_ = session::moved_forward(keys(), who(), *record_, token, key_id);
        where = session::judge(*record_, who(), token, facts(), at(), {});
    }
    if (!where) return where;
    session::timeouts timeouts;
    if (broken_ == breakage::first_use_kills) timeouts.grace = {};
    if (auto used = session::after_use(*record_, *where, at(), timeouts)) {
        record_ = *used;
        const bool at_once = broken_ == breakage::first_use_kills && *where == session::standing::current;
        if (at_once) record_->predecessor_dead = true;
    }
    return where;
}

std::optional<std::uint32_t> rotation_world::refresh(session::standing where) {
    const auto before = *record_;
    const auto outcome = session::refresh(keys(), who(), before, where, facts(), std::nullopt, at());
    record_ = outcome.record;
    if (broken_ == breakage::predecessor_dies_at_once && record_->generation != before.generation)
        record_->predecessor_dead = true;
    if (broken_ == breakage::hand_out_starts_no_grace && record_->generation == before.generation)
        record_->first_used_at = before.first_used_at;
    return outcome.hand_out;
}

void rotation_world::serve(std::size_t sent, bool answer_is_lost) {
    auto request = flying_[sent];
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(sent));
    note(request.refresh ? (answer_is_lost ? 'L' : 'S') : 's');
    const auto where = check(request.token);
    if (!where) return fail("an honest request was refused");
    note_honest_use(request.token, request.refresh);
    if (!request.refresh) return;
    const auto cookie = refresh(*where);
    if (!cookie || answer_is_lost || request.orphan) return;
    request.answered = true;
    request.age = 0;
    request.token = *cookie;
    flying_.push_back(request);
}

void rotation_world::come_back_with(std::optional<session::session_record> record) {
    record_ = std::move(record);
    since_ = now_;
}

bool rotation_world::may_tick() const {
    return std::all_of(flying_.begin(), flying_.end(), [&](const auto& r) { return r.age < time_.delay; });
}

void rotation_world::tick() {
    note('.');
    now_ += tick_time(time_);
    for (auto& r : flying_) ++r.age;
    for (auto& age : lost_age_) age = age >= time_.crash_lag ? never : age + 1;
    if (successor_used_ != never) successor_used_ = std::min(successor_used_ + 1, time_.grace);
}

void rotation_world::steal() {
    note('t');
    stolen_ = jar_;
}

// K3 as the server's log would show it, whatever the record says.
void rotation_world::note_honest_use(std::uint32_t token, bool refresh) {
    if (!stolen_ || outlived_) return;
    if (token <= *stolen_) {
        if (refresh) successor_used_ = never;
        return;
    }
    if (successor_used_ == never) successor_used_ = 0;
    if (successor_used_ >= time_.grace || token > *stolen_ + 1) outlived_ = true;
}

void rotation_world::present_stolen() {
    note('T');
    const auto where = check(*stolen_);
    const bool refused = !where && where.error() == errc::session_token_reused;
    if (!where && !refused) return fail("a stolen token was refused for another reason");
    if (refused && !outlived_) return fail("a token within its grace was called reused");
    if (!refused && outlived_) return fail("a stolen token outlived its grace");
}

// When all is quiet, the browser goes on like this; it has to end with the one current token.
void rotation_world::settle() {
    note('_');
    for (int round = 0; round < 3 && !wrong_; ++round) {
        send(true);
        serve(0, false);
        if (!flying_.empty()) take(0);
        for (int i = 0; i < time_.grace; ++i) tick();
    }
    if (!wrong_ && jar_ != record_->generation) fail("the browser did not end with the current token");
}

}  // namespace stagedoor::model
