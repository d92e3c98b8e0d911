#include "common/redis/tracking_state.hpp"

namespace stagedoor::redis {

void tracking_state::data_closed() {
    data_.reset();
    data_was_armed_ = false;
    phase_ = phase::apart;
}

void tracking_state::listener_closed() {
    listener_.reset();
    ping_.reset();
    proved_.reset();
    phase_ = phase::apart;
}

std::optional<tracking_state::arming> tracking_state::begin_arming() {
    // A client id means something to the server alone that gave it: after a failover two connections may reach two.
    if (phase_ != phase::apart || !data_ || !listener_ || *data_ != listener_->run_id) return std::nullopt;
    phase_ = phase::arming;
    return arming{listener_->client_id, std::exchange(data_was_armed_, true), ++attempts_};
}

bool tracking_state::answered(std::uint64_t attempt, bool accepted) {
    if (phase_ != phase::arming || attempt != attempts_) return true;
    phase_ = accepted ? phase::armed : phase::refused;
    return accepted;
}

void tracking_state::unanswered(std::uint64_t attempt) noexcept {
    if (phase_ == phase::arming && attempt == attempts_) phase_ = phase::apart;
}

std::uint64_t tracking_state::ping_sent(time_point now) {
    ping_ = {++pings_, now};
    return pings_;
}

void tracking_state::pong(std::uint64_t nonce) noexcept {
    if (!ping_ || ping_->nonce != nonce) return;
    proved_ = ping_->sent;
    ping_.reset();
}

void tracking_state::doubt() noexcept {
    proved_.reset();
    ping_.reset();
}

}  // namespace stagedoor::redis
