#include "common/ws/handshake.hpp"

#include "common/http/response_writer.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::ws;

namespace {

using fields = std::vector<http::header_field>;

const fields usual{{"Host", "server.example.com"},
                   {"Upgrade", "websocket"},
                   {"Connection", "Upgrade"},
                   {"Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="},
                   {"Sec-WebSocket-Version", "13"}};

fields with(fields base, std::string_view name, std::string_view value) {
    for (auto& each : base) {
        if (each.name == name) {
            each.value = value;
            return base;
        }
    }
    base.push_back({name, value});
    return base;
}

fields without(fields base, std::string_view name) {
    std::erase_if(base, [&](const auto& each) { return each.name == name; });
    return base;
}

fields twice(fields base, std::string_view name) {
    const auto found = std::ranges::find(base, name, &http::header_field::name);
    base.push_back({found->name, found->value});
    return base;
}

result<handshake> read(fields headers, http::method verb = http::method::get, unsigned minor = 1,
                       std::string_view body = {}) {
    http::request_parts parts;
    parts.verb = verb;
    parts.minor_version = minor;
    parts.fields = std::move(headers);
    parts.body = body;
    const http::trusted_proxies proxies;
    http::id_source ids;
    const http::arrival from{{}, proxies, ids};
    return read_handshake(http::request{parts, from});
}

errc error_of(const result<handshake>& read) { return read ? errc{} : to_errc(read.error()); }

}  // namespace

TEST_CASE("the example of RFC 6455 is accepted as it says") {
    CHECK(accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    const auto agreed = read(usual);
    REQUIRE(agreed);
    CHECK(agreed->accept == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    CHECK_FALSE(agreed->with_subprotocol);
}

TEST_CASE("handshakes of real browsers and proxies are accepted") {
    CHECK(read(with(usual, "Connection", "keep-alive, Upgrade")));
    CHECK(read(with(usual, "Connection", "upgrade")));
    CHECK(read(with(usual, "Upgrade", "WebSocket")));
    auto split = with(usual, "Connection", "keep-alive");
    split.push_back({"Connection", "Upgrade"});
    CHECK(read(split));
    CHECK(read(with(usual, "Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")));
}

TEST_CASE("the CloudEvents subprotocol is agreed on when it is offered") {
    CHECK(read(with(usual, "Sec-WebSocket-Protocol", "cloudevents.json"))->with_subprotocol);
    CHECK(read(with(usual, "Sec-WebSocket-Protocol", "chat, cloudevents.json"))->with_subprotocol);
    CHECK_FALSE(read(with(usual, "Sec-WebSocket-Protocol", "chat, cloudevents.avro"))->with_subprotocol);
    CHECK_FALSE(read(with(usual, "Sec-WebSocket-Protocol", "CloudEvents.JSON"))->with_subprotocol);
    auto several = with(usual, "Sec-WebSocket-Protocol", "chat");
    several.push_back({"Sec-WebSocket-Protocol", "cloudevents.json"});
    CHECK(read(several)->with_subprotocol);
}

TEST_CASE("what does not ask for our WebSocket is told to upgrade") {
    CHECK(error_of(read(without(usual, "Upgrade"))) == errc::upgrade_required);
    CHECK(error_of(read(with(usual, "Upgrade", "h2c"))) == errc::upgrade_required);
    CHECK(error_of(read(without(usual, "Connection"))) == errc::upgrade_required);
    CHECK(error_of(read(with(usual, "Connection", "keep-alive"))) == errc::upgrade_required);
    CHECK(error_of(read(with(usual, "Sec-WebSocket-Version", "8"))) == errc::upgrade_required);
    CHECK(error_of(read(with(usual, "Sec-WebSocket-Version", "13, 8"))) == errc::upgrade_required);
    CHECK(error_of(read(without(usual, "Sec-WebSocket-Version"))) == errc::upgrade_required);
    CHECK(error_of(read(usual, http::method::post)) == errc::upgrade_required);
    CHECK(error_of(read(usual, http::method::head)) == errc::upgrade_required);
    CHECK(error_of(read(usual, http::method::get, 0)) == errc::upgrade_required);
}

TEST_CASE("a handshake against the rules is a bad request") {
    for (const std::string_view key :
         {"", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZTE=", "dGhlIHNhbXBsZSBub25j",
          "dGhlIHNhbXBsZSBub25jZQ== ", "!!!!IHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==,x"}) {
        INFO(key);
        CHECK(error_of(read(with(usual, "Sec-WebSocket-Key", key))) == errc::bad_request);
    }
    CHECK(error_of(read(without(usual, "Sec-WebSocket-Key"))) == errc::bad_request);
    CHECK(error_of(read(twice(usual, "Sec-WebSocket-Key"))) == errc::bad_request);
    CHECK(error_of(read(twice(usual, "Sec-WebSocket-Version"))) == errc::bad_request);
    CHECK(error_of(read(usual, http::method::get, 1, "body")) == errc::bad_request);
}

TEST_CASE("the answers name what they have to") {
    const auto text = [](const http::response& answer) {
        std::string out;
        http::append_response(out, answer, {.date = "D", .request_id = "r"});
        return out;
    };
    const auto required = text(refuse_handshake(errc::upgrade_required));
    CHECK(required.starts_with("HTTP/1.1 426 Upgrade Required\r\n"));
    CHECK(required.find("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n") !=
          std::string::npos);
    CHECK(text(refuse_handshake(errc::bad_request)).find("Upgrade") == std::string::npos);

    CHECK(text(accept_handshake({"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", true}, nullptr))
              .find("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
                    "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
                    "Sec-WebSocket-Protocol: cloudevents.json\r\n") != std::string::npos);
}
