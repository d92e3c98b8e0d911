// How a WebSocket ends: politely, by the peer, by a failure, and in bounded time whatever the peer does.
#include "client_frames.hpp"
#include "common/ws/socket.hpp"
#include "socket_rig.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::tests;
using namespace std::chrono_literals;
using std::chrono::steady_clock;
using ws::opcode;
using policy = ws::socket::queue;

namespace {

std::string close_bytes(std::uint16_t code, std::string_view reason = {}) {
    return std::string{ws::make_close_frame(code, reason)->view()};
}

// Fills the way to a client that reads nothing, until frames are queued.
void block(socket_rig& rig) {
    const auto frame = ws::make_text_frame(std::string(1'000, 'x'));
    while (rig.send(frame) != ws::sent::queued) {
    }
}

}  // namespace

TEST_CASE("a close says its last frame, then Close, waits for the peer's and ends TCP") {
    socket_rig rig;
    rig.on_shard([&] { rig.socket().close(4401, "over", ws::make_text_frame("closing"), policy::flush, 5s); });
    const auto expected =
        "\x81\x07"
        "closing" +
        close_bytes(4401, "over");
    CHECK(rig.client().receive(expected.size()) == expected);
    CHECK(rig.send(ws::make_text_frame("late")) == ws::sent::closed);
    CHECK(rig.on_shard([&] { return rig.closed_calls; }) == 0);
    rig.client().send(bytes_of({{.code = opcode::close, .payload = close_payload(4401)}}));
    CHECK(rig.client().receive_all().empty());
    CHECK_FALSE(rig.client().was_reset());
    const auto how = rig.wait_closed();
    REQUIRE(how);
    CHECK(how->code == 4401);
    CHECK(how->clean);
    CHECK_FALSE(how->by_peer);
}

TEST_CASE("the peer's Close is answered by its own code") {
    for (const auto& [payload, answer, code] : std::vector<std::tuple<std::string, std::string, unsigned>>{
             {close_payload(1001, "leaving"), close_bytes(1001), 1001},
             {"", close_bytes(ws::closing::none_given), 1005}}) {
        socket_rig rig;
        rig.client().send(bytes_of({{.code = opcode::close, .payload = payload}}));
        CHECK(rig.client().receive_all() == answer);
        const auto how = rig.wait_closed();
        REQUIRE(how);
        CHECK(how->code == code);
        CHECK(how->clean);
        CHECK(how->by_peer);
    }
}

TEST_CASE("a peer that breaks the rules is told how, and the connection ends") {
    struct row {
        std::string bytes;
        std::uint16_t code;
    };
    for (const auto& each :
         {row{bytes_of({{.payload = "a", .masked = false}}), 1002}, row{bytes_of({{.payload = "\xff"}}), 1007},
          row{bytes_of({{.payload = std::string(5'000, 'x')}}), 1009}}) {
        socket_rig rig;
        rig.client().send(each.bytes);
        const auto got = rig.client().receive_all();
        INFO(each.code);
        REQUIRE(got.size() > 4);
        CHECK(got.substr(2, 2) == close_payload(each.code));
        CHECK_FALSE(rig.client().was_reset());
        CHECK(rig.wait_closed()->code == each.code);
        CHECK(rig.on_shard([&] { return rig.messages.empty(); }));
    }
}

TEST_CASE("a peer that breaks the rules is not waited for: it sees the end at once, whatever it still sends") {
    socket_rig rig;
    const auto started = steady_clock::now();
    rig.client().send(bytes_of({{.payload = "a", .masked = false}}));
    rig.client().send(bytes_of({{.code = opcode::close, .payload = close_payload(1002)}}));
    CHECK(rig.client().receive_all().substr(2, 2) == close_payload(1002));
    CHECK(steady_clock::now() - started < limits::ws_close_time);
    CHECK_FALSE(rig.client().was_reset());
    rig.client().finish_sending();
    CHECK(rig.wait_closed()->code == 1002);
}

TEST_CASE("a peer that goes away without a Close is lost") {
    socket_rig rig;
    rig.client().finish_sending();
    const auto how = rig.wait_closed();
    REQUIRE(how);
    CHECK(how->code == ws::closing::lost);
    CHECK(how->by_peer);
    CHECK_FALSE(how->clean);
    CHECK(rig.send(ws::make_text_frame("x")) == ws::sent::closed);
}

TEST_CASE("a peer that does not answer our Close is left at the deadline, without a reset") {
    socket_rig rig;
    const auto started = steady_clock::now();
    rig.on_shard([&] { rig.socket().close(1012, "restart", nullptr, policy::flush, 100ms); });
    const auto got = rig.client().receive_all();
    const auto took = steady_clock::now() - started;
    CHECK(got == close_bytes(1012, "restart"));
    CHECK_FALSE(rig.client().was_reset());
    CHECK(took >= 100ms);
    CHECK(took < 300ms);
    CHECK_FALSE(rig.wait_closed()->clean);
}

TEST_CASE("a revoked socket whose peer reads nothing is gone at once, by a reset, with nothing added") {
    socket_rig rig{{.send_buffer_bytes = 4'096}, {}, 4'096};
    block(rig);
    const auto started = steady_clock::now();
    rig.on_shard([&] { rig.socket().close(4401, "over", ws::make_text_frame("closing"), policy::drop); });
    REQUIRE(rig.wait_closed());
    CHECK(steady_clock::now() - started < 300ms);
    const auto got = rig.client().receive_all();
    CHECK(rig.client().was_reset());
    CHECK(got.find("closing") == std::string::npos);
    CHECK(rig.on_shard([&] { return rig.closed_calls; }) == 1);
}

TEST_CASE("a revoked socket whose peer reads gets the closing frame and none that was queued") {
    socket_rig rig;
    rig.on_shard([&] {
        rig.socket().send(ws::make_text_frame("before"));
        rig.socket().close(4401, "over", ws::make_text_frame("closing"), policy::drop);
    });
    CHECK(rig.client().receive_all() ==
          "\x81\x06"
          "before\x81\x07"
          "closing" +
              close_bytes(4401, "over"));
    CHECK(rig.wait_closed()->code == 4401);
}

TEST_CASE("a drained socket whose peer reads nothing is gone at its deadline") {
    socket_rig rig{{.send_buffer_bytes = 4'096}, {}, 4'096};
    block(rig);
    const auto started = steady_clock::now();
    rig.on_shard([&] { rig.socket().close(1012, "restart", nullptr, policy::flush, 200ms); });
    REQUIRE(rig.wait_closed());
    const auto took = steady_clock::now() - started;
    CHECK(took >= 200ms);
    CHECK(took < 400ms);
}

TEST_CASE("a drained socket's queue goes out before the Close when its peer reads") {
    socket_rig rig{{.send_buffer_bytes = 4'096}, {}, 4'096};
    block(rig);
    const auto frame = ws::make_text_frame("the last event");
    CHECK(rig.send(frame) == ws::sent::queued);
    rig.on_shard([&] { rig.socket().close(1012, "restart", nullptr, policy::flush, 3s); });
    const auto end = std::string{frame->view()} + close_bytes(1012, "restart");
    std::string got;
    while (!got.ends_with(end) && !rig.client().ended()) got += rig.client().receive();
    CHECK(got.ends_with(end));
}

TEST_CASE("a revocation during a drain drops what is left") {
    socket_rig rig{{.send_buffer_bytes = 4'096}, {}, 4'096};
    block(rig);
    rig.on_shard([&] {
        rig.socket().close(1012, "restart", nullptr, policy::flush, 60s);
        rig.socket().close(4401, "over", nullptr, policy::drop);
    });
    const auto how = rig.wait_closed();
    REQUIRE(how);
    CHECK(how->code == 1012);
    rig.client().receive_all();
    CHECK(rig.client().was_reset());
}

TEST_CASE("an aborted socket is reset, and its owner told once") {
    socket_rig rig;
    const auto told_within = rig.on_shard([&] {
        rig.socket().abort();
        rig.socket().abort();
        return rig.closed_calls;
    });
    CHECK(told_within == 0);
    REQUIRE(rig.wait_closed());
    rig.client().receive_all();
    CHECK(rig.client().was_reset());
    CHECK(rig.on_shard([&] { return rig.closed_calls; }) == 1);
}

TEST_CASE("many sockets that close together are all ended in time") {
    std::vector<std::unique_ptr<socket_rig>> rigs;
    for (int i = 0; i < 20; ++i) rigs.push_back(std::make_unique<socket_rig>());
    const auto started = steady_clock::now();
    for (std::size_t i = 0; i < rigs.size(); ++i) {
        const auto within = i % 2 == 0 ? 200ms : 50ms;
        rigs[i]->on_shard([&] { rigs[i]->socket().close(1012, "restart", nullptr, policy::flush, within); });
    }
    for (auto& each : rigs) CHECK(each->wait_closed());
    CHECK(steady_clock::now() - started < 600ms);
}
