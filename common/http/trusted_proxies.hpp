// Which peers are believed about whom they speak for (--trusted-proxy; default: none).
#pragma once

#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace stagedoor::http {

// A block of addresses: `10.0.0.0/8`, `::1`, `192.0.2.7`.
struct network {
    boost::asio::ip::address_v6 prefix;  // IPv4 as v4-mapped
    unsigned length = 128;               // leading bits that count, of `prefix`

    // Nothing when `text` is no address or block, or has bits set behind its length.
    static std::optional<network> parse(std::string_view text);
    bool contains(const boost::asio::ip::address& address) const noexcept;
};

class trusted_proxies {
public:
    trusted_proxies() = default;  // trusts nobody
    explicit trusted_proxies(std::vector<network> networks) : networks_{std::move(networks)} {}

    bool contains(const boost::asio::ip::address& address) const noexcept;

    // The nearest address that is no trusted proxy: `peer`, or, if that is one, the last such entry of
    // X-Forwarded-For. An entry that is no address ends the search at the proxy which passed it on.
    boost::asio::ip::address client_of(const boost::asio::ip::address& peer, std::string_view x_forwarded_for) const;

private:
    std::vector<network> networks_;
};

}  // namespace stagedoor::http
