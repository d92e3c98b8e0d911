// Who counts as one on the internet: an IPv4 address, and of IPv6 the /64 that one household or one machine has to itself.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>

namespace stagedoor::runtime {

// Equal for addresses of one network. IPv4 in IPv6 (::ffff:a.b.c.d) is IPv4.
std::string network_of(const boost::asio::ip::address& address);

}  // namespace stagedoor::runtime
