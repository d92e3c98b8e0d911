#include "common/http/trusted_proxies.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "common/core/json.hpp"

namespace stagedoor::http {
namespace {

namespace ip = boost::asio::ip;

std::optional<ip::address> parse_address(std::string_view text) {
    boost::system::error_code ec;
    const auto address = ip::make_address(std::string{text}, ec);
    if (ec) return std::nullopt;
    return address;
}

ip::address_v6 mapped(const ip::address& address) noexcept {
    return address.is_v4() ? ip::make_address_v6(ip::v4_mapped, address.to_v4()) : address.to_v6();
}

ip::address unmapped(const ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
    return address;
}

bool same_prefix(const ip::address_v6::bytes_type& a, const ip::address_v6::bytes_type& b, unsigned length) noexcept {
    const std::size_t whole = length / 8;
    if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
    const unsigned rest = length % 8;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

// An entry of X-Forwarded-For: an address, perhaps with a port, IPv6 then in brackets.
std::optional<ip::address> parse_entry(std::string_view entry) {
    entry = trim(entry);
    if (entry.starts_with('[')) return parse_address(entry.substr(1, entry.find(']') - 1));
    if (std::ranges::count(entry, ':') == 1) entry = entry.substr(0, entry.find(':'));
    return parse_address(entry);
}

}  // namespace

std::optional<network> network::parse(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = parse_address(text.substr(0, slash));
    if (!address) return std::nullopt;
    const unsigned bits = address->is_v4() ? 32 : 128;
    unsigned length = bits;
    if (slash != std::string_view::npos) {
        const auto number = text.substr(slash + 1);
        const auto [end, ec] = std::from_chars(number.data(), number.data() + number.size(), length);
        if (ec != std::errc{} || end != number.data() + number.size() || length > bits) return std::nullopt;
    }
    const network parsed{mapped(*address), length + (128 - bits)};
    auto bytes = parsed.prefix.to_bytes();
    for (unsigned bit = parsed.length; bit < 128; ++bit) {
        if ((bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return std::nullopt;
    }
    return parsed;
}

bool network::contains(const ip::address& address) const noexcept {
    return same_prefix(mapped(address).to_bytes(), prefix.to_bytes(), length);
}

bool trusted_proxies::contains(const ip::address& address) const noexcept {
    return std::ranges::any_of(networks_, [&](const network& each) { return each.contains(address); });
}

ip::address trusted_proxies::client_of(const ip::address& peer, std::string_view list) const {
    ip::address client = unmapped(peer);
    while (!list.empty() && contains(client)) {
        const auto comma = list.rfind(',');
        const auto entry = parse_entry(comma == std::string_view::npos ? list : list.substr(comma + 1));
        if (!entry) break;
        client = unmapped(*entry);
        list = comma == std::string_view::npos ? std::string_view{} : list.substr(0, comma);
    }
    return client;
}

}  // namespace stagedoor::http
