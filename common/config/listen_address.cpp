#include "common/config/listen_address.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace stagedoor::config {
namespace {

bool is_ip_address(int family, const std::string& text) {
    std::array<unsigned char, sizeof(in6_addr)> parsed{};
    return inet_pton(family, text.c_str(), parsed.data()) == 1;
}

}  // namespace

std::optional<listen_address> parse_listen_address(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;

    listen_address address;
    const auto digits = text.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;

    auto host = text.substr(0, colon);
    if (host.find('\0') != std::string_view::npos) return std::nullopt;
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    address.host = host == "localhost" && !bracketed ? "127.0.0.1" : host;
    if (!is_ip_address(bracketed ? AF_INET6 : AF_INET, address.host)) return std::nullopt;
    return address;
}

std::string to_string(const listen_address& address) {
    if (!address) return {};
    const bool v6 = address.host.find(':') != std::string::npos;
    return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

}  // namespace stagedoor::config
