// What each step of the world does; see rotation_model.hpp.
#include <algorithm>

#include "tests/unit/session/one_session.hpp"
#include "tests/unit/session/rotation_model.hpp"

namespace stagedoor::model {

namespace {

// As a user may go: pending, rejected, reconsidered, approved.
user_status status_at(int version) {
    constexpr std::array all{user_status::pending, user_status::rejected, user_status::pending, user_status::active};
    return all.at(static_cast<std::size_t>(version - 1));
}

}  // namespace

// With key 1; then 2 is accepted as well; then 2 signs.
const session::key_ring& rotation_world::ring(std::size_t node) const {
    static const auto rings = [] {
        init_crypto();
        const auto line = [](int id) {
            const auto text = session::key_ring::make_file_text();
            const auto key = text.substr(text.rfind(' ') + 1);
            return std::to_string(id) + " " + key;
        };
        const auto one = line(1);
        const auto two = line(2);
        std::array<session::key_ring, 3> all{};
        std::string complaint;
        for (std::size_t i = 0; const auto& text : {one, one + two, two + one}) {
            all[i++] = *session::key_ring::parse(text, complaint);
        }
        return all;
    }();
    return rings[static_cast<std::size_t>(roll_[node])];
}

user_facts rotation_world::facts() const {
    auto known = first_facts();
    known.status = status_at(version_);
    known.version = version_;
    return known;
}

void rotation_world::send(bool refresh, int ack) {
    --left_.requests;
    note(ack > 0 ? 'v' : refresh ? 'r' : 'k');
    flying_.push_back({.refresh = refresh, .token = jar_, .version = ack});
}

void rotation_world::set_jar(std::uint32_t token) {
    lost_age_[jar_] = 0;
    jar_ = token;
    lost_age_[jar_] = never;
}

void rotation_world::take(std::size_t answer) {
    note('a');
    const auto got = flying_[answer];
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(answer));
    if (got.cookie) set_jar(got.token);
    if (tells()) hear(got.version, got.changed, got.excused);
}

// As clients do it: of two answers the one with the higher version is true (K8). Refreshes tell of what has changed since
// the last one, whatever was pushed meanwhile.
void rotation_world::hear(int version, bool changed, bool excused) {
    if (version < known_) return;
    const bool is_news = told_ > 0 && version > known_ && status_at(version) != status_at(told_);
    if (is_news && !changed && !excused) fail("a change of the status was never told");
    known_ = told_ = version;
}

void rotation_world::change_status() {
    --left_.changes;
    note('!');
    ++version_;
    told_age_ = never;
    last_said_.reset();
}

void rotation_world::crash(std::uint32_t jar) {
    --left_.crashes;
    note('C');
    jar_ = jar;
    known_ = told_ = 0;
    lost_age_.fill(never);
    std::erase_if(flying_, [](const auto& r) { return r.answered; });
    for (auto& r : flying_) r.orphan = true;
}

// As session_service::check does it.
result<session::standing> rotation_world::check(std::uint32_t token) {
    const auto key_id = key_of_[token];
    const auto& keys = ring(node_);
    if (!record_) {
        const session::ledger_facts ledger{1, status_at(1), some_day, some_day + limits::session_absolute_default};
        record_ = session::rebuilt_record(keys, somebody(), ledger, token, key_id, now_);
        if (broken_ == breakage::rebuilt_without_predecessor) record_->predecessor_dead = true;
    }
    auto where = session::judge(*record_, somebody(), token, facts(), at(), {});
    if (where && *where == session::standing::ahead) {
        if (broken_ == breakage::ahead_is_reused) return errc::session_token_reused;
        record_ = session::moved_forward(keys, somebody(), *record_, token, key_id);
        where = session::judge(*record_, somebody(), token, facts(), at(), {});
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

session::refresh_outcome rotation_world::refresh(session::standing where, int ack) {
    using enum breakage;
    auto before = *record_;
    auto& told = before.acknowledged.told;
    if (told && broken_ == told_is_acknowledged_at_once) before.acknowledged = {told->status, {}};
    if (told && broken_ == told_is_never_acknowledged) told->at.reset();
    const bool heeded = ack > 0 && broken_ != version_acknowledges_nothing;
    const auto ack_version = heeded ? std::optional<std::int64_t>{ack} : std::nullopt;
    auto outcome = session::refresh(ring(node_), somebody(), before, where, facts(), ack_version, at());
    record_ = outcome.record;
    const bool rotated = record_->generation != before.generation;
    if (broken_ == predecessor_dies_at_once && rotated) record_->predecessor_dead = true;
    if (broken_ == hand_out_starts_no_grace && !rotated) record_->first_used_at = before.first_used_at;
    if (broken_ == rotation_forgets_told && rotated) record_->previous_acknowledged = {before.acknowledged.status, {}};
    if (broken_ == hand_out_tells_predecessor_alone && where == session::standing::predecessor)
        record_->acknowledged = before.acknowledged;
    if (broken_ == predecessor_is_told_nothing && where == session::standing::current && !rotated)
        record_->previous_acknowledged = before.previous_acknowledged;
    if (broken_ == lost_rotation_counts_as_told && rotated) record_->acknowledged = {facts().status, {}};
    if (broken_ == change_is_told_by_acknowledged_alone) {
        const auto& known = where == session::standing::predecessor ? before.previous_acknowledged : before.acknowledged;
        outcome.status_changed = known.status != facts().status;
    }
    return outcome;
}

void rotation_world::serve(std::size_t sent, bool answer_is_lost, std::size_t node) {
    auto request = flying_[sent];
    flying_.erase(flying_.begin() + static_cast<std::ptrdiff_t>(sent));
    node_ = node;
    note(request.refresh ? (answer_is_lost ? 'L' : 'S') : 's');
    const session::token_claims claims{key_of_[request.token], somebody().user, somebody().session, request.token};
    if (with_rolls_ && !session::prove(ring(node_), claims)) return fail("a node does not know the key of an honest token");
    const auto where = check(request.token);
    if (!where) return fail("an honest request was refused");
    if (with_rolls_) check_proofs(request.token, *where);
    note_honest_use(request.token, request.refresh);
    if (!request.refresh) return;
    const auto outcome = refresh(*where, request.version);
    if (tells()) note_told(request, outcome);
    if (outcome.hand_out) hand_out(*outcome.hand_out);
    const bool tells_nothing = !outcome.hand_out && !tells();
    if (tells_nothing || answer_is_lost || request.orphan || wrong_) return;
    request.answered = true;
    request.age = 0;
    request.cookie = outcome.hand_out.has_value();
    request.token = outcome.hand_out.value_or(0);
    request.version = tells() ? version_ : 0;
    request.changed = tells() && outcome.status_changed;
    request.excused = tells() && told_age_ == 1;
    flying_.push_back(request);
}

void rotation_world::note_told(const message& request, const session::refresh_outcome& outcome) {
    const saying said{request.token, outcome.status_changed, outcome.previous_status};
    if (said.changed && said.previous == status_at(version_)) fail("a change was told from a status to itself");
    const bool again = last_said_ && last_said_->token == said.token && request.version < version_;
    if (again && (said.changed != last_said_->changed || (said.changed && said.previous != last_said_->previous)))
        fail("a refresh that was repeated at once was told something else");
    if (said.changed && last_said_ && last_said_->token == said.token && last_said_->changed && request.version == version_)
        fail("a told version that the client knows was told again");
    last_said_ = said;
    if (said.changed && told_age_ == never) told_age_ = 0;
}

// The token of a generation is the same for all who hold it, and the record knows it by its digest (K4).
void rotation_world::hand_out(std::uint32_t token) {
    const auto key_id = broken_ == breakage::signed_with_todays_key
                            ? ring(node_).signing_key_id()
                            : session::current_token(somebody(), *record_).key_id;
    if (with_rolls_ && key_of_[token] != 0 && key_of_[token] != key_id) fail("two tokens of one generation");
    key_of_[token] = key_id;
}

void rotation_world::check_proofs(std::uint32_t token, session::standing where) {
    const auto proof = session::prove(ring(node_), {key_of_[token], somebody().user, somebody().session, token});
    const auto& kept = where == session::standing::predecessor ? record_->previous_proof : record_->proof;
    if (!proof || session::digest_of(*proof) != kept) fail("the record knows another token");
}

void rotation_world::come_back_with(std::optional<session::session_record> record) {
    record_ = std::move(record);
    since_ = now_;
    last_said_.reset();
}

bool rotation_world::may_tick() const {
    return std::all_of(flying_.begin(), flying_.end(), [&](const auto& r) { return r.age < time_.delay; });
}

void rotation_world::tick() {
    note('.');
    now_ += tick_time(time_);
    last_said_.reset();
    if (told_age_ != never) told_age_ = 1;
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

// When all is quiet, the browser goes on like this; it has to end with the one current token, and with nothing more to
// be told.
void rotation_world::settle() {
    note('_');
    bool told = false;
    for (int round = 0; round < 3 && !wrong_; ++round) {
        send(true);
        serve(0, false);
        told = !flying_.empty() && flying_[0].changed;
        if (!flying_.empty()) take(0);
        for (int i = 0; i < time_.grace; ++i) tick();
    }
    if (!wrong_ && jar_ != record_->generation) fail("the browser did not end with the current token");
    if (!wrong_ && told) fail("a told change is told for ever");
}

}  // namespace stagedoor::model
