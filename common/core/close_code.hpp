// Why a socket is closed and what the client does then: the contract of notify-service with every client.
// The same table is in proto-docs/close-codes.md and in the browser library; tests compare them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "common/core/errc.hpp"

namespace stagedoor {

enum class close_code : std::uint16_t {
    draining = 1012,          // RFC 6455 registry: service restart
    try_again_later = 1013,   // RFC 6455 registry
    session_over = 4401,
    account_suspended = 4403,
    session_unclear = 4404,
    no_pong = 4408,
    too_many_sockets = 4409,
    slow_reader = 4413,
};

// What the client does after the close. `after` carries a delay; `after_refresh`: refresh the session first.
enum class reconnect : std::uint8_t { never, now, after, after_refresh };

struct close_rule {
    close_code code;
    reconnect advice;
    std::string_view reason;  // at most limits::ws_reason_bytes
    // How long a client waits that comes back: for each a time between the two, drawn evenly, so that they come evenly.
    // `closing` frames carry it as afterMs where the advice is `after`, event streams as `retry:` wherever it is not 0.
    std::uint16_t soonest_ms;
    std::uint16_t latest_ms;
    // The status that refuses an event stream for it. 200: the stream says so and ends. 0: it only ends open ones.
    std::uint16_t status;
};

// A drain has spread its clients already, over its window.
inline constexpr std::array close_table{
    close_rule{close_code::draining, reconnect::after, "The service is restarting.", 100, 1'100, 503},
    close_rule{close_code::try_again_later, reconnect::after, "The service cannot serve this connection now.", 1'000, 5'000, 503},
    close_rule{close_code::session_over, reconnect::never, "The session is over.", 0, 0, 401},
    close_rule{close_code::account_suspended, reconnect::never, "The account is suspended.", 0, 0, 403},
    close_rule{close_code::session_unclear, reconnect::after_refresh, "Refresh the session, then reconnect.", 1'000, 5'000, 200},
    close_rule{close_code::no_pong, reconnect::now, "No answer to a ping.", 0, 1'000, 0},
    close_rule{close_code::too_many_sockets, reconnect::after, "Too many connections of this account.", 5'000, 15'000, 429},
    close_rule{close_code::slow_reader, reconnect::now, "The client reads too slowly.", 0, 1'000, 0},
};

const close_rule& rule_of(close_code code) noexcept;

// never, now, after, after-refresh: as written in `closing` frames.
std::string_view to_string(reconnect advice) noexcept;

// The code with which a socket ends for this error. Errors that never end a socket give try_again_later.
close_code close_code_of(errc error) noexcept;

}  // namespace stagedoor
