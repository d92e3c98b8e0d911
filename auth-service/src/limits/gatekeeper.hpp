// Who may try: the limits on signing in and registering, and that they cannot be turned against a victim. One instance per
// shard.
//
// Failed sign-ins count against the account, so that many networks cannot guess at one. That alone would let anybody keep
// its owner out; so a browser that has signed in to the account before (device_cookie) is not held to that limit, nor to
// that of its network's failures, but to one of its own. Accounts that do not exist are counted like those that do.
//
// Every attempt counts, also with the right password: against its network, so that none takes the hashing pool from all
// others. Devices that have signed in before share a count of their own there, which no stranger beside them uses up, and
// each has a small one, so that neither does one of them alone.
//
// Whatever holds is taken before the password is looked at, and what is to count failures is given back if it was right.
// So no more guesses are under way at once than there is room for, and nobody waits longer for a volley of them.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth-service/src/limits/device_cookie.hpp"
#include "auth-service/src/limits/limit_counters.hpp"
#include "auth-service/src/limits/rate_limiter.hpp"
#include "common/core/uuid.hpp"

namespace stagedoor::rate_limit {

// Who asks to be let in.
struct applicant {
    boost::asio::ip::address client;
    std::string email;    // normalised; "" for a text that is no address
    std::string cookies;  // the Cookie field
};

// One request before the limits that apply to it; none do when all of them are off.
struct admission {
    struct standing {
        kind what = kind::sign_in;
        rate limit;
        std::string subject;
        decision now;
    };
    std::vector<standing> standings;

    // The limit that refuses for the longest time; nullptr: the request may go on, and has taken one of each.
    const standing* refused() const noexcept;
};

// The fields of draft-ietf-httpapi-ratelimit-headers-10 (structured fields, RFC 9651): the rules, and where one stands.
struct rate_limit_fields {
    std::string policy;  // "account";q=10;w=900
    std::string limit;   // "account";r=9;t=90
};
rate_limit_fields fields_of(const admission& of);

// Whose limit it is, for logs: `account:` and a hash that only the keys can make.
std::string name_of(kind what, std::string_view subject);

class gatekeeper {
public:
    gatekeeper(const session::key_ring& keys, const device_cookie& devices, const rates& limits, rate_limiter& counts,
               limit_counters& counters)
        : keys_{keys}, devices_{devices}, rates_{limits}, counts_{counts}, counters_{counters} {}

    // Before a password is looked at. What is refused uses nothing.
    runtime::task<admission> admit_sign_in(applicant who);
    // Likewise, at a change of password: it counts against the session that asks, so that a stolen one guesses no faster
    // than a device, and keeps its owner out of nothing.
    runtime::task<admission> admit_password_change(session_id asking, boost::asio::ip::address client);
    // After anything but a wrong password: it was no failure. What `admitted` says then.
    runtime::task<admission> forgive(admission admitted);
    runtime::task<admission> admit_registration(boost::asio::ip::address client);

    // What logs call the account of an e-mail address, also when there is none: as in the lines about its limit.
    std::string name_of_account(std::string_view email) const;

    // The Set-Cookie value after a sign-in.
    std::string remember(const applicant& who) const { return devices_.remember(who.cookies, who.email, counts_.now()); }

private:
    std::string hash_of(kind what, std::string_view subject) const;
    // Adds a question, unless its limit is off.
    void add(std::vector<question>& to, kind what, std::string_view subject, step how) const;
    runtime::task<admission> ask(std::vector<question> questions);
    // Asks, and gives back what was taken when one of them refuses.
    runtime::task<admission> admit(std::vector<question> questions);
    enum class which : std::uint8_t { all, failures };
    runtime::task<admission> give_back(admission taken, which of_them);

    const session::key_ring& keys_;
    const device_cookie& devices_;
    const rates& rates_;
    rate_limiter& counts_;
    limit_counters& counters_;
};

}  // namespace stagedoor::rate_limit
