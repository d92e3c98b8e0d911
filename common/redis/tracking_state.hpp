// When a node may answer from what it has read before: client-side caching over two connections (C2, C3). Pure.
//
// Reads go over the data connection. Redis remembers which keys it read (CLIENT TRACKING) and tells another connection,
// the listener, of the first change to each (RESP2: REDIRECT to its client id, after it has subscribed). Neither
// connection hears when the other one is lost.
//
//   phase      means                                                a read sent now    what was read before
//   apart      a connection is missing, or they reach two servers   is not kept        is dropped
//   arming     CLIENT TRACKING is under way, ahead of all reads     may be kept        (none)
//   armed      Redis has agreed                                     may be kept        answers while the lease holds
//   refused    Redis has not; until a connection is made anew       is not kept        is dropped
//
// The lease: what is remembered is as new as the older of two proofs, that the listener's last answered PING was sent,
// and that the data connection's last answered request was. Without the first, changes may be stuck on their way;
// without the second, Redis may have forgotten the data connection and with it what it read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "common/core/limits.hpp"

namespace stagedoor::redis {

class tracking_state {
public:
    using time_point = std::chrono::steady_clock::time_point;
    enum class phase : std::uint8_t { apart, arming, armed, refused };

    // `run_id` names the server process that a connection reached (INFO). After each of the two ask begin_arming().
    void data_opened(std::string_view run_id) { data_ = run_id; }
    void listener_opened(std::int64_t client_id, std::string_view run_id) { listener_ = {client_id, std::string{run_id}}; }

    // Whatever was read before has to be dropped, and each reply under way is not to be kept.
    void data_closed();
    void listener_closed();

    // What to send on the data connection, now and ahead of all else: CLIENT TRACKING OFF if `again`, then
    // CLIENT TRACKING ON REDIRECT `listener`. Nothing when it is not time, or has been done.
    struct arming {
        std::int64_t listener = 0;
        bool again = false;
        std::uint64_t attempt = 0;  // for answered()
    };
    std::optional<arming> begin_arming();

    // Redis' answer to one of them. False when it was the last attempt and Redis has refused: drop everything.
    bool answered(std::uint64_t attempt, bool accepted);
    // It was not sent, or its answer is lost: drop everything; begin_arming() again.
    void unanswered(std::uint64_t attempt) noexcept;

    // A PING on the listener; its nonce.
    std::uint64_t ping_sent(time_point now);
    void pong(std::uint64_t nonce) noexcept;
    bool awaits_pong() const noexcept { return ping_.has_value(); }

    // More may be on its way than could be read: only a PING sent from now on proves anything.
    void doubt() noexcept;

    phase state() const noexcept { return phase_; }
    bool keeps() const noexcept { return phase_ == phase::arming || phase_ == phase::armed; }
    // `data_proof`: when the newest request was sent that the data connection has had an answer to.
    bool answers(time_point now, time_point data_proof) const noexcept {
        return phase_ == phase::armed && proved_ && now - *proved_ < limits::cache_lease &&
               now - data_proof < limits::cache_lease;
    }

private:
    struct ping {
        std::uint64_t nonce = 0;
        time_point sent;
    };
    struct listener {
        std::int64_t client_id = 0;
        std::string run_id;
    };

    phase phase_ = phase::apart;
    std::optional<std::string> data_;  // the server that it reaches
    std::optional<listener> listener_;
    bool data_was_armed_ = false;
    std::uint64_t attempts_ = 0;
    std::uint64_t pings_ = 0;
    std::optional<ping> ping_;
    std::optional<time_point> proved_;
};

// Whether what was read before may answer a request now (C4). `may` is asked first, for the price of a clock; then
// `catch_up` reads what lies in the listener's socket; and what it brought may have taken the answer away.
template <class May, class CatchUp>
bool answers_when_caught_up(May may, CatchUp catch_up) {
    if (!may()) return false;
    catch_up();
    return may();
}

}  // namespace stagedoor::redis
