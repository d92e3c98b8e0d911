// A cookie that says "this browser has signed in to this account before", and nothing else: it lets nobody in, it tells
// neither who somebody is nor whether they are signed in, and sign-out leaves it. Whoever fails at somebody's account
// from elsewhere does not keep its owner out (see gatekeeper.hpp, and ADR 7 for why K4 does not forbid it).
//
// value = base64url(format(1) ‖ key id(1) ‖ device(16) ‖ issued(4) ‖ account(8) × 1..8 ‖ proof(16)); all numbers big endian,
// `issued` in seconds of Unix time; account = HMAC-SHA-256(key, context ‖ e-mail), cut; the proof is over all before it.
// The keys are those of the session tokens, under contexts of their own.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/clock.hpp"
#include "common/session/key_ring.hpp"

namespace stagedoor::rate_limit {

using device_id = std::array<std::uint8_t, 16>;

class device_cookie {
public:
    // Named like the session cookie: `__Host-stagedoor-device` on https, `stagedoor-device-<port>` on http.
    device_cookie(const session::key_ring& keys, bool secure, unsigned port);

    std::string_view name() const noexcept { return name_; }

    // The device, when a cookie in `cookie_header` is genuine, younger than limits::device_cookie_life and knows the
    // account of this normalised e-mail.
    std::optional<device_id> recognise(std::string_view cookie_header, std::string_view email, instant now) const;

    // The Set-Cookie value after a sign-in to `email`: the browser's device with this account before its others, of
    // which the oldest goes when there are more than limits::device_accounts; a new device when there is none. After a
    // roll of keys it begins with this account alone.
    std::string remember(std::string_view cookie_header, std::string_view email, instant now) const;

private:
    using account_mark = std::array<std::uint8_t, 8>;
    struct content {
        std::uint8_t key_id = 0;
        device_id device{};
        std::uint32_t issued = 0;
        std::vector<account_mark> accounts;  // the one signed in to last first
    };

    std::optional<content> find(std::string_view cookie_header, instant now) const;
    std::optional<content> parse(std::string_view value, instant now) const;
    std::string format(const content& what) const;
    account_mark mark(std::uint8_t key_id, std::string_view email) const;

    const session::key_ring& keys_;
    const std::string name_;
    const std::string attributes_;
};

}  // namespace stagedoor::rate_limit
