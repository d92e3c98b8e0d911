#include "common/http/trusted_proxies.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor::http;

namespace {

boost::asio::ip::address address(const char* text) { return boost::asio::ip::make_address(text); }

trusted_proxies proxies(std::initializer_list<const char*> texts) {
    std::vector<network> networks;
    for (const auto* text : texts) networks.push_back(*network::parse(text));
    return trusted_proxies{networks};
}

}  // namespace

TEST_CASE("networks are addresses, or blocks without bits behind their length") {
    for (const auto* text : {"127.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "192.0.2.7/32", "::1", "2001:db8::/32", "::/0"}) {
        INFO(text);
        CHECK(network::parse(text));
    }
    for (const auto* text : {"", "localhost", "10.0.0.0/33", "10.0.0.1/8", "10.0.0.0/", "10.0.0.0/8x", "10.0.0.0/-1",
                             "2001:db8::1/32", "::/129", "10.0.0/8"}) {
        INFO(text);
        CHECK_FALSE(network::parse(text));
    }
}

TEST_CASE("a network contains its addresses, in IPv6 clothes too") {
    const auto ten = *network::parse("10.0.0.0/12");
    CHECK(ten.contains(address("10.15.255.255")));
    CHECK(ten.contains(address("::ffff:10.1.2.3")));
    CHECK_FALSE(ten.contains(address("10.16.0.0")));
    CHECK_FALSE(ten.contains(address("::a01:203")));
    CHECK(network::parse("2001:db8::/33")->contains(address("2001:db8:7fff::1")));
    CHECK_FALSE(network::parse("2001:db8::/33")->contains(address("2001:db8:8000::1")));
}

TEST_CASE("nobody is trusted by default") {
    const trusted_proxies nobody;
    CHECK(nobody.client_of(address("192.0.2.1"), "198.51.100.7") == address("192.0.2.1"));
    CHECK_FALSE(nobody.contains(address("127.0.0.1")));
}

TEST_CASE("the client is the nearest address that is no trusted proxy") {
    struct row {
        const char* peer;
        const char* forwarded;
        const char* client;
    };
    const auto trusted = proxies({"10.0.0.0/8", "::1"});
    for (const auto& each : {
             row{"192.0.2.1", "198.51.100.7", "192.0.2.1"},
             row{"10.0.0.1", "", "10.0.0.1"},
             row{"10.0.0.1", "198.51.100.7", "198.51.100.7"},
             row{"10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"},
             // What stands left of the first stranger is hearsay.
             row{"10.0.0.1", "127.0.0.1, 198.51.100.7 , 10.0.0.2", "198.51.100.7"},
             row{"10.0.0.1", "10.0.0.9, 10.0.0.8", "10.0.0.9"},
             row{"10.0.0.1", "198.51.100.7, unknown", "10.0.0.1"},
             row{"10.0.0.1", "198.51.100.7, ", "10.0.0.1"},
             row{"10.0.0.1", "198.51.100.7:4711", "198.51.100.7"},
             row{"::1", "[2001:db8::7]:4711", "2001:db8::7"},
             row{"::1", "2001:db8::7", "2001:db8::7"},
             row{"::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"},
         }) {
        INFO(each.peer << " " << each.forwarded);
        CHECK(trusted.client_of(address(each.peer), each.forwarded) == address(each.client));
    }
}
