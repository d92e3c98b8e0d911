// Where a listener waits: an IP address and a port, as one option.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagedoor::config {

struct listen_address {
    std::string host;        // numeric IPv4 or IPv6 without brackets; empty: no listener
    std::uint16_t port = 0;  // 0: the system chooses

    // Whether to listen at all.
    explicit operator bool() const noexcept { return !host.empty(); }
    friend bool operator==(const listen_address&, const listen_address&) = default;
};

// `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` (meaning 127.0.0.1). Other names are refused: what a listener binds
// must not depend on a resolver.
std::optional<listen_address> parse_listen_address(std::string_view text);

// The form that parse_listen_address reads; "" for no listener.
std::string to_string(const listen_address& address);

}  // namespace stagedoor::config
