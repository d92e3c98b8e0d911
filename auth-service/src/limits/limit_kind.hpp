// What is limited, and how far. One table: the names that metrics, keys and RateLimit fields have, and what people read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/core/rate.hpp"

namespace stagedoor::rate_limit {

enum class kind : std::uint8_t { sign_in, network, account, device_sign_in, device, registration, token };

struct kind_row {
    kind what;
    std::string_view name;    // of a-z and _
    std::string_view detail;  // in a 429, for people
};
inline constexpr std::array kinds{
    kind_row{kind::sign_in, "sign_in", "Too many people sign in from this network at the moment."},
    kind_row{kind::network, "network", "Too many sign-ins from this network have failed."},
    kind_row{kind::account, "account", "Too many sign-ins to this account have failed."},
    kind_row{kind::device_sign_in, "device_sign_in", "Too many passwords were tried on this device at the moment."},
    kind_row{kind::device, "device", "Too many passwords were wrong on this device."},
    kind_row{kind::registration, "registration", "Too many accounts were made from this network."},
    kind_row{kind::token, "token", "Too many API tokens from this network were none of ours."},
};
constexpr const kind_row& row_of(kind what) noexcept { return kinds[static_cast<std::size_t>(what)]; }

// The rates of one deployment; the other defaults and their reasons stand in common/core/limits.hpp.
struct rates {
    rate sign_in;       // attempts to sign in, a network: no single one takes the hashing pool from all others. Those of
                        // devices that have signed in before, and changes of passwords, are counted by themselves
    rate network;       // failed ones, a network: guessing at many accounts
    rate account;       // failed ones, an account, of devices that have never signed in to it: guessing from many networks
    rate device_sign_in;  // attempts, an account on a device that has signed in to it before; or a session's to change
                          // its password
    rate device;        // failed ones, an account on a device that has signed in to it before; or wrong present passwords
                        // of a session that wants to change it
    rate registration;  // attempts, a network: a flood of accounts, and asking who has one
    rate token;         // API tokens that are none of ours, a network; each node counts for itself

    const rate& of(kind what) const noexcept {
        switch (what) {
            case kind::sign_in: return sign_in;
            case kind::network: return network;
            case kind::account: return account;
            case kind::device_sign_in: return device_sign_in;
            case kind::device: return device;
            case kind::registration: return registration;
            case kind::token: return token;
        }
        return sign_in;
    }
};

}  // namespace stagedoor::rate_limit
