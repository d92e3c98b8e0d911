#include "common/ws/socket.hpp"

#include "client_frames.hpp"
#include "socket_rig.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using namespace std::chrono_literals;
using ws::opcode;

TEST_CASE("messages are told of, whole or in fragments, in order") {
    socket_rig rig;
    rig.client().send(bytes_of({{.payload = "one"},
                                {.payload = "tw", .final = false},
                                {.code = opcode::continuation, .payload = "o"},
                                {.code = opcode::binary, .payload = "three"}}));
    CHECK(rig.eventually([&] { return rig.messages.size() == 3; }));
    CHECK(rig.messages == std::vector<std::string>{"text:one", "text:two", "binary:three"});
}

TEST_CASE("what came behind the handshake is read first") {
    const auto first = bytes_of({{.payload = "first"}}) + bytes_of({{.payload = "second"}}).substr(0, 5);
    socket_rig rig{{}, first};
    rig.client().send(bytes_of({{.payload = "second"}}).substr(5));
    CHECK(rig.eventually([&] { return rig.messages.size() == 2; }));
    CHECK(rig.messages == std::vector<std::string>{"text:first", "text:second"});
}

TEST_CASE("a ping is answered with its payload, amid a fragmented message too") {
    socket_rig rig;
    rig.client().send(bytes_of({{.payload = "a", .final = false}, {.code = opcode::ping, .payload = "are you there"}}));
    CHECK(rig.client().receive(15) ==
          "\x8a\x0d"
          "are you there");
    CHECK(rig.eventually([&] { return rig.pings == 1; }));
}

TEST_CASE("a frame is written at once, several go out together and in order") {
    socket_rig rig;
    CHECK(rig.send(ws::make_text_frame("one")) == ws::sent::written);
    const std::vector<ws::shared_frame> frames(40, ws::make_text_frame("x"));
    CHECK(rig.on_shard([&] { return rig.socket().send(frames); }) == ws::sent::written);
    std::string expected = "\x81\x03one";
    for (int i = 0; i < 40; ++i) expected += "\x81\x01x";
    CHECK(rig.client().receive(expected.size()) == expected);
}

TEST_CASE("the answer to our ping is told of, other pongs are not") {
    socket_rig rig;
    rig.client().send(bytes_of({{.code = opcode::pong, .payload = "abcd"}}));
    rig.on_shard([&] { rig.socket().ping(); });
    const auto ping = rig.client().receive(6);
    REQUIRE(ping.size() == 6);
    CHECK(ping.starts_with("\x89\x04"));
    rig.client().send(bytes_of(
        {{.code = opcode::pong}, {.code = opcode::pong, .payload = "no"}, {.code = opcode::pong, .payload = "none"}}));
    rig.client().send(bytes_of({{.payload = "marker"}}));
    CHECK(rig.eventually([&] { return rig.messages.size() == 1; }));
    CHECK(rig.on_shard([&] { return rig.socket().awaits_pong() && rig.pongs == 0; }));
    rig.client().send(bytes_of({{.code = opcode::pong, .payload = ping.substr(2)}}));
    CHECK(rig.eventually([&] { return rig.pongs == 1 && !rig.socket().awaits_pong(); }));
}

TEST_CASE("one ping is under way at a time") {
    socket_rig rig;
    rig.on_shard([&] {
        rig.socket().ping();
        rig.socket().ping();
        rig.socket().send(ws::make_text_frame("m"));
    });
    const auto got = rig.client().receive(9);
    CHECK(got.size() == 9);
    CHECK(got.ends_with("\x81\x01m"));
}

TEST_CASE("a slow reader's frames are queued up to the bound, then refused, and come through when it reads") {
    socket_rig rig{{.queue = {.bytes = 20'000, .frames = 100}, .send_buffer_bytes = 4'096}, {}, 4'096};
    const auto frame = ws::make_text_frame(std::string(1'000, 'x'));
    std::size_t taken = 0;
    std::size_t queued = 0;
    ws::sent last = ws::sent::written;
    while (last == ws::sent::written || last == ws::sent::queued) {
        last = rig.send(frame);
        taken += last != ws::sent::overflow ? 1 : 0;
        queued += last == ws::sent::queued ? 1 : 0;
    }
    CHECK(last == ws::sent::overflow);
    CHECK(queued >= 19);
    CHECK(rig.on_shard([&] { return rig.socket().queued_bytes(); }) <= 20'000);
    CHECK(rig.on_shard([&] { return rig.socket().open(); }));

    const auto expected = taken * frame->size();
    CHECK(rig.client().receive(expected).size() == expected);
    CHECK(rig.eventually([&] { return rig.drained == 1 && rig.socket().queued_bytes() == 0; }));
    CHECK(rig.send(frame) == ws::sent::written);
}

TEST_CASE("of several frames that do not fit none is taken") {
    socket_rig rig{{.queue = {.bytes = 5'000, .frames = 100}}};
    const std::vector<ws::shared_frame> frames(6, ws::make_text_frame(std::string(1'000, 'x')));
    CHECK(rig.on_shard([&] { return rig.socket().send(frames); }) == ws::sent::overflow);
    CHECK(rig.client().receive(1, 50ms).empty());
}

TEST_CASE("an owner may send and close from within a message") {
    socket_rig rig;
    rig.when_message = [&](std::string_view payload) {
        rig.socket().send(ws::make_text_frame(payload));
        rig.socket().close(4401, "over", nullptr, ws::socket::queue::flush);
    };
    rig.client().send(bytes_of({{.payload = "a"}, {.payload = "b"}}));
    CHECK(rig.client().receive(11) == std::string{"\x81\x01"
                                                  "a\x88\x06\x11\x31over"});
    CHECK(rig.on_shard([&] { return rig.messages.size(); }) == 1);
}
