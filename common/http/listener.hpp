// Accepts connections on one address, on every shard, and serves HTTP/1.1 on them until told to drain.
//
//     auto listening = http::listener::open(shards, *http::parse_endpoint("127.0.0.1:8080"), {}, sites);
//     if (!listening) … listening.error().message()      // "Address already in use"
//     …
//     (*listening)->begin_drain();
//     (*listening)->wait_drained(deadline);
//
// Threads: open, begin_drain and wait_drained are for the main thread; the rest happens on the shards.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/core/limits.hpp"
#include "common/http/service.hpp"
#include "common/http/tcp.hpp"
#include "common/http/trusted_proxies.hpp"
#include "common/runtime/shards.hpp"

namespace stagedoor::http {

// `127.0.0.1:8080`, `[::1]:8080`, `:8080` (every IPv4 address). Nothing for anything else, names included.
std::optional<tcp::endpoint> parse_endpoint(std::string_view text);

// For `extra_head` on https: a year, the least that browsers' preload lists take (RFC 6797; ASVS 5.0 3.4.1).
inline constexpr std::string_view strict_transport = "Strict-Transport-Security: max-age=31536000\r\n";

// Connections of one client network that is no trusted proxy: none keeps everybody else out. As ws_sockets_per_network.
inline constexpr std::size_t connections_per_network = limits::http_connections / 2;

struct listener_settings {
    // Of this listener; more are answered 503 and closed. A socket that was handed over no longer counts.
    std::size_t max_connections = limits::http_connections;
    // Of those, of one client network (runtime::network_of) that is none of `proxies`.
    std::size_t max_per_network = connections_per_network;
    trusted_proxies proxies{};
    // Header lines for every response, each ended by CRLF; say Strict-Transport-Security on https.
    std::string extra_head{};
    // Bounds of one request. The sweep that enforces the times looks every `sweep`.
    std::size_t header_bytes = limits::http_header_bytes;
    std::size_t target_bytes = limits::http_target_bytes;
    std::size_t body_bytes = limits::http_body_bytes;
    // Of requests that service::may_be_large lets through; 0: of none.
    std::size_t large_body_bytes = 0;
    std::chrono::milliseconds request_time = limits::http_request_time;
    std::chrono::milliseconds idle_time = limits::http_idle_time;
    std::chrono::milliseconds write_time = limits::http_write_time;
    std::chrono::milliseconds sweep{250};
};

// What one shard serves. Both outlive the listener, and are called on that shard only.
struct site {
    service& serves;
    observer& watches;
};

class listener {
public:
    // Binds, and accepts as soon as the shards run. sites[i] is served by shard i; 1 <= sites.size() <= shards.size().
    // `shards` outlives the listener. Errors are the system's: address_in_use, permission_denied, …
    static result<std::unique_ptr<listener>> open(runtime::shards& shards, tcp::endpoint address,
                                                  listener_settings settings, std::vector<site> sites);
    // The shards must have been joined, or the listener drained.
    ~listener();
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

    // With the port that the system chose when `address` had port 0.
    tcp::endpoint local_endpoint() const;

    // Stops accepting, closes idle connections, and lets each running request be the last of its connection.
    // Returns at once. May be repeated.
    void begin_drain();

    // Waits until every connection is gone. At `deadline` the rest is closed, and false is returned when that was so.
    // Handlers that still run are waited for: they have deadlines of their own.
    bool wait_drained(std::chrono::steady_clock::time_point deadline);

    // Open connections of all shards. From any thread.
    std::size_t connections() const noexcept;

private:
    struct implementation;
    explicit listener(std::unique_ptr<implementation> parts);
    std::unique_ptr<implementation> parts_;
};

}  // namespace stagedoor::http
