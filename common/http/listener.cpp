#include "common/http/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/detail/socket_option.hpp>
#include <boost/asio/post.hpp>
#include <charconv>
#include <utility>

#include "common/http/edge.hpp"

namespace stagedoor::http {
namespace {

using reuse_port = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

// After the deadline of a drain: how long handlers may take to notice that nobody listens.
constexpr std::chrono::seconds abort_time{2};

// SO_REUSEPORT would let us share a port with another server of the same user, unnoticed. So the first bind is without.
boost::system::error_code probe(runtime::executor ex, const tcp::endpoint& address, tcp::endpoint& bound) {
    boost::system::error_code ec;
    tcp_acceptor acceptor{ex};
    acceptor.open(address.protocol(), ec);
    // Connections of a former process in TIME_WAIT are no reason to refuse; a listening socket still is one.
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) acceptor.bind(address, ec);
    if (!ec) bound = acceptor.local_endpoint(ec);
    return ec;
}

boost::system::error_code listen_on(tcp_acceptor& acceptor, const tcp::endpoint& address) {
    boost::system::error_code ec;
    acceptor.open(address.protocol(), ec);
    if (!ec) acceptor.set_option(asio::socket_base::reuse_address{true}, ec);
    if (!ec) acceptor.set_option(reuse_port{true}, ec);
    if (!ec) acceptor.bind(address, ec);
    if (!ec) acceptor.listen(asio::socket_base::max_listen_connections, ec);
    return ec;
}

}  // namespace

std::optional<tcp::endpoint> parse_endpoint(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto number = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto [end, bad] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (bad != std::errc{} || end != number.data() + number.size()) return std::nullopt;

    auto host = text.substr(0, colon);
    if (host.empty()) return tcp::endpoint{tcp::v4(), port};
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (bracketed) host = host.substr(1, host.size() - 2);
    boost::system::error_code ec;
    const auto address = asio::ip::make_address(std::string{host}, ec);
    if (ec || address.is_v6() != bracketed) return std::nullopt;
    return tcp::endpoint{address, port};
}

struct listener::implementation {
    tcp::endpoint address;
    std::shared_ptr<tally> counts;
    std::vector<std::pair<runtime::executor, std::shared_ptr<edge>>> edges;
};

result<std::unique_ptr<listener>> listener::open(runtime::shards& shards, tcp::endpoint address,
                                                 listener_settings settings, std::vector<site> sites) {
    auto parts = std::make_unique<implementation>();
    parts->counts = std::make_shared<tally>();
    if (const auto ec = probe(shards.at(0), address, parts->address)) return ec;
    const auto shared = std::make_shared<const listener_settings>(std::move(settings));
    for (std::size_t i = 0; i < sites.size(); ++i) {
        const auto ex = shards.at(i);
        tcp_acceptor acceptor{ex};
        if (const auto ec = listen_on(acceptor, parts->address)) return ec;
        parts->edges.emplace_back(ex, std::make_shared<edge>(ex, std::move(acceptor), shared, sites[i], parts->counts));
    }
    for (auto& [ex, each] : parts->edges) each->start();
    return std::unique_ptr<listener>{new listener{std::move(parts)}};
}

listener::listener(std::unique_ptr<implementation> parts) : parts_{std::move(parts)} {}

listener::~listener() { begin_drain(); }

tcp::endpoint listener::local_endpoint() const { return parts_->address; }

void listener::begin_drain() {
    for (auto& [ex, each] : parts_->edges) asio::post(ex, [self = each] { self->drain(); });
}

bool listener::wait_drained(std::chrono::steady_clock::time_point deadline) {
    if (parts_->counts->wait_idle_until(deadline)) return true;
    for (auto& [ex, each] : parts_->edges) asio::post(ex, [self = each] { self->abort(); });
    // What follows is for the handlers: their connections are closed.
    static_cast<void>(parts_->counts->wait_idle_until(std::chrono::steady_clock::now() + abort_time));
    return false;
}

std::size_t listener::connections() const noexcept { return parts_->counts->connections(); }

}  // namespace stagedoor::http
