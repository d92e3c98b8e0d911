// Where Redis is and as whom to sign in, from one line of configuration. Pure.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>
#include <string>
#include <string_view>

namespace stagedoor::redis {

struct url {
    std::string path;  // of a unix socket, absolute; empty: host and port count
    std::string host;  // name or address, IPv6 without brackets
    std::uint16_t port = 6379;
    std::string user;      // empty: Redis' default user
    std::string password;  // empty: no AUTH

    bool is_unix() const noexcept { return !path.empty(); }
    // For logs: without user and password.
    std::string display() const;
};

// Either of
//     redis://[user[:password]@]host[:port][/0]      redis://:password@host for the default user
//     unix:/path    unix:///path    unix://[user[:password]@]/path
// with %xx in user, password and path. The error is a sentence for the operator that never repeats a password.
boost::system::result<url, std::string> parse_url(std::string_view text);

}  // namespace stagedoor::redis
