#include "common/runtime/client_network.hpp"

#include <algorithm>
#include <boost/asio/ip/network_v6.hpp>

namespace stagedoor::runtime {
namespace {

constexpr unsigned short one_site = 64;  // RFC 6177: the least that an end site gets

}  // namespace

std::string network_of(const boost::asio::ip::address& address) {
    namespace ip = boost::asio::ip;
    if (address.is_v4()) return address.to_string();
    const auto v6 = address.to_v6();
    if (v6.is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, v6).to_string();
    return ip::make_network_v6(ip::address_v6{v6.to_bytes()}, one_site).canonical().to_string();
}

}  // namespace stagedoor::runtime
