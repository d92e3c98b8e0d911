#include "common/http/request.hpp"

#include "common/http/field.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::http;

namespace {

struct fixture {
    request_parts parts;
    trusted_proxies proxies;
    id_source ids;
    arrival from{boost::asio::ip::make_address("192.0.2.1"), proxies, ids};
};

trusted_proxies trusting(const char* text) { return trusted_proxies{{*network::parse(text)}}; }

}  // namespace

TEST_CASE("header fields are found in any case, the first of each name") {
    fixture f;
    f.parts.fields = {{"Accept", "a"}, {"X-Thing", "1"}, {"x-thing", "2"}, {"Empty", ""}};
    const request incoming{f.parts, f.from};
    CHECK(incoming.header("X-THING") == "1");
    CHECK(incoming.header("X-Thin") == "");
    CHECK(incoming.find_header("empty") == "");
    CHECK_FALSE(incoming.find_header("missing"));
}

TEST_CASE("a JSON body says so, in UTF-8 or without a charset") {
    for (const auto* type : {"application/json", "Application/JSON", "application/json; charset=utf-8",
                             "application/json;charset=UTF-8", "application/json; charset=\"utf-8\""}) {
        fixture f;
        f.parts.fields = {{"Content-Type", type}};
        INFO(type);
        CHECK(request{f.parts, f.from}.has_json_type());
    }
    for (const auto* type : {"", "text/plain", "application/jsonp", "application/json; charset=latin1",
                             "application/x-www-form-urlencoded", "text/plain; application/json"}) {
        fixture f;
        f.parts.fields = {{"Content-Type", type}};
        INFO(type);
        CHECK_FALSE(request{f.parts, f.from}.has_json_type());
    }
    fixture f;
    CHECK_FALSE(request{f.parts, f.from}.has_json_type());
}

TEST_CASE("a request id is ours unless a trusted proxy gives a sane one") {
    fixture f;
    f.parts.fields = {{"X-Request-Id", "from-outside"}};
    const request stranger{f.parts, f.from};
    CHECK(stranger.request_id().size() == 16);
    CHECK(stranger.request_id() == stranger.request_id());
    CHECK(request{f.parts, f.from}.request_id() != stranger.request_id());

    const auto trusted = trusting("192.0.2.0/24");
    const arrival from_proxy{f.from.peer, trusted, f.ids};
    CHECK(request{f.parts, from_proxy}.request_id() == "from-outside");
    const std::string long_id(65, 'a');
    for (const auto& id : std::vector<std::string>{"", "with space", "<script>", "a\"b", long_id}) {
        f.parts.fields = {{"X-Request-Id", id}};
        INFO(id);
        CHECK(request{f.parts, from_proxy}.request_id().size() == 16);
    }
}

TEST_CASE("the client's address comes from all X-Forwarded-For fields, if the peer is trusted") {
    fixture f;
    f.parts.fields = {{"X-Forwarded-For", "198.51.100.7"}, {"X-Forwarded-For", "192.0.2.9"}};
    CHECK(request{f.parts, f.from}.client_address().to_string() == "192.0.2.1");
    const auto trusted = trusting("192.0.2.0/24");
    const arrival from_proxy{f.from.peer, trusted, f.ids};
    const request incoming{f.parts, from_proxy};
    CHECK(incoming.from_trusted_proxy());
    CHECK(incoming.client_address().to_string() == "198.51.100.7");
}

TEST_CASE("a request belongs to the trace that it names, or begins one") {
    fixture f;
    f.parts.fields = {{"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};
    CHECK(request{f.parts, f.from}.trace().trace_id() == "4bf92f3577b34da6a3ce929d0e0e4736");
    f.parts.fields.clear();
    const request incoming{f.parts, f.from};
    const std::string first{incoming.trace().trace_id()};
    CHECK(incoming.trace().trace_id() == first);
}

TEST_CASE("lists of tokens are searched without regard to case or white space") {
    CHECK(has_token("keep-alive, Upgrade", "upgrade"));
    CHECK(has_token("upgrade", "upgrade"));
    CHECK_FALSE(has_token("keep-alive, upgraded", "upgrade"));
    CHECK_FALSE(has_token("", "upgrade"));
}
