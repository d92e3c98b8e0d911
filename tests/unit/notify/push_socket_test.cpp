// A socket's life after its welcome.
#include <catch2/catch.hpp>

#include "notify-service/src/push/vigil.hpp"
#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

// Open, welcome heard.
struct open_stage : push_stage {
    open_stage() {
        open();
        REQUIRE(hear().types() == words{"welcome"});
    }
    void tick(std::chrono::milliseconds after) {
        wall_time = now + after;
        only_socket()->tick(std::chrono::steady_clock::now() + after, wall_time);
    }
};

}  // namespace

TEST_CASE("an event is written as it comes", "[push_socket]") {
    open_stage s;
    s.change("approved");
    CHECK(s.hear().types() == words{"approved"});
}

TEST_CASE("after a hole the stream is read, and nothing is missed or told twice", "[push_socket]") {
    open_stage s;
    s.change("updated", false);
    s.change("approved");
    CHECK(s.hear().types() == words{"updated", "approved"});
    s.publish(s.source.stream.back().second);
    CHECK(s.hear().types().empty());
}

TEST_CASE("the end of the session ends the socket: nothing follows `closing`", "[push_socket]") {
    open_stage s;
    s.end_session();
    s.change();
    const auto heard = s.hear();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.close_code == 4401);
    CHECK(heard.frames[0].at("data").at("cause") == "session_signed_out");
    CHECK(heard.frames[0].at("data").at("reconnect") == "never");
}

TEST_CASE("an end between the answer and the upgrade is not missed", "[push_socket]") {
    push_stage s;
    auto answer = s.request();
    s.end_session();
    s.upgrade(std::move(answer));
    const auto heard = s.hear();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.close_code == 4401);
}

TEST_CASE("a suspended user's socket hears 4403 and not the event", "[push_socket]") {
    open_stage s;
    s.user.facts.status = user_status::suspended;
    ++s.user.facts.epoch;
    s.change("suspended");
    const auto heard = s.hear();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.close_code == 4403);
}

TEST_CASE("a loss of the link is said; the restored one is caught up with", "[push_socket]") {
    open_stage s;
    s.lose_link();
    CHECK(s.hear().types() == words{"degraded"});
    s.change("updated", false);
    s.change("approved", false);
    s.restore_link();
    const auto heard = s.hear();
    CHECK(heard.types() == words{"welcome", "updated", "approved"});
    CHECK(heard.frames[0].at("data").at("resumed") == true);
}

TEST_CASE("a session that ended while the link was lost is closed, not caught up with", "[push_socket]") {
    open_stage s;
    s.lose_link();
    s.user.ended = errc::session_revoked;
    s.change("approved", false);
    s.restore_link();
    const auto heard = s.hear();
    CHECK(heard.types() == words{"degraded", "closing"});
    CHECK(heard.close_code == 4401);
}

TEST_CASE("a session that ends while nobody would tell of it is looked for, and closed", "[push_socket]") {
    open_stage s;
    s.lose_link();
    vigil looks{s.sockets, s.source};
    s.tasks.spawn("look", looks.look());
    CHECK(s.hear().types() == words{"degraded"});
    s.user.ended = errc::session_revoked;
    s.source.away = true;
    s.tasks.spawn("look", looks.look());
    CHECK(s.hear().frames.empty());
    s.source.away = false;
    s.tasks.spawn("look", looks.look());
    CHECK(s.hear().close_code == 4401);
}

TEST_CASE("a session that is unclear while nobody would tell of its end waits until somebody would", "[push_socket]") {
    open_stage s;
    s.lose_link();
    s.user.record_missing = true;
    vigil looks{s.sockets, s.source};
    s.tasks.spawn("look", looks.look());
    CHECK(s.hear().types() == words{"degraded"});
    s.restore_link();
    CHECK(s.hear().close_code == 4404);
}

TEST_CASE("a session that Redis has forgotten is unclear: refresh, then come back", "[push_socket]") {
    open_stage s;
    s.lose_link();
    s.user.record_missing = true;
    s.restore_link();
    const auto heard = s.hear();
    CHECK(heard.close_code == 4404);
    CHECK(heard.frames.back().at("data").at("reconnect") == "after-refresh");
}

TEST_CASE("a link lost between the answer and the upgrade is made up for", "[push_socket]") {
    push_stage s;
    auto answer = s.request();
    s.lose_link();
    const bool restored_before = GENERATE(true, false);
    if (restored_before) s.restore_link();
    s.change("approved", false);
    s.upgrade(std::move(answer));
    if (!restored_before) {
        CHECK(s.hear().types() == words{"degraded"});
        s.restore_link();
    }
    const auto heard = s.hear();
    CHECK(heard.types() == words{"welcome"});
    CHECK(heard.frames[0].at("data").at("user").at("version") == 4);
}

TEST_CASE("no socket outlives its session's absolute time", "[push_socket]") {
    open_stage s;
    s.user.record.expires_at = now + 1min;
    s.lose_link();
    s.restore_link();
    s.hear();
    s.tick(59s);
    CHECK_FALSE(s.hear().close_code);
    s.tick(60s);
    const auto heard = s.hear();
    CHECK(heard.close_code == 4401);
    CHECK(heard.frames.back().at("data").at("cause") == "session_expired_absolute");
}

TEST_CASE("when a session seems idle it is read again before it is judged", "[push_socket]") {
    open_stage s;
    const auto idle_at = 23h;  // an hour of it had gone by
    s.tick(idle_at - 1s);
    const int reads = s.source.reads;
    s.hear();

    SECTION("it was used elsewhere meanwhile") {
        s.user.record.last_seen_at = now + 22h;
        s.tick(idle_at);
        CHECK_FALSE(s.hear().close_code);
        s.tick(idle_at + 1s);
        s.hear();
    }
    SECTION("it was not") {
        s.tick(idle_at);
        const auto heard = s.hear();
        CHECK(heard.close_code == 4401);
        CHECK(heard.frames.back().at("data").at("cause") == "session_expired_idle");
    }
    CHECK(s.source.reads == reads + 1);
}

TEST_CASE("a heartbeat says what was written, and asks for a pong", "[push_socket]") {
    open_stage s;
    s.change();
    s.hear();
    s.tick(25s);
    auto heard = s.hear();
    REQUIRE(heard.types() == words{"heartbeat"});
    CHECK(parse_cursor(heard.frames[0].at("data").at("cursor").as_string(), s.user.who.user) == 4);
    CHECK(heard.pings == 1);

    s.tick(36s);
    heard = s.hear();
    CHECK(heard.close_code == 4408);
    CHECK(heard.frames.back().at("data").at("reconnect") == "now");
}

TEST_CASE("a pong that has come in time and was not read yet counts", "[push_socket]") {
    open_stage s;
    s.tick(25s);
    REQUIRE(s.hear().pings == 1);
    s.tab.send(ws::opcode::pong, {"\1\0\0\0", 4});
    s.tick(36s);  // the shard was held up meanwhile
    CHECK_FALSE(s.hear().close_code);
    s.tick(37s);
    CHECK_FALSE(s.hear().close_code);
}

TEST_CASE("a client may acknowledge, and say what we do not know", "[push_socket]") {
    open_stage s;
    s.tab.send(ws::opcode::text, R"({"type":"ack","cursor":")" + make_cursor(s.user.who.user, 3) + "\"}");
    s.tab.send(ws::opcode::text, R"({"type":"ack","cursor":")" + make_cursor(s.user.who.user, 4) + "\"}");
    s.tab.send(ws::opcode::text, "hello");
    CHECK_FALSE(s.hear().close_code);
    CHECK(s.counts.client_messages.value() == 3);
    CHECK(s.counts.acknowledgements.value() == 1);
}

TEST_CASE("binary messages and floods are not listened to", "[push_socket]") {
    open_stage s;
    SECTION("binary") {
        s.tab.send(ws::opcode::binary, "x");
        CHECK(s.hear().close_code == ws::closing::unsupported_data);
    }
    SECTION("too many messages") {
        for (std::size_t i = 0; i <= limits::ws_messages_per_minute; ++i) s.tab.send(ws::opcode::text, "{}");
        CHECK(s.hear().close_code == ws::closing::policy_violation);
    }
    SECTION("too many pings") {
        for (std::size_t i = 0; i <= limits::ws_messages_per_minute; ++i) s.tab.send(ws::opcode::ping, "");
        CHECK(s.hear().close_code == ws::closing::policy_violation);
    }
}

TEST_CASE("a draining node closes with 1012 and a delay of the socket's own", "[push_socket]") {
    open_stage s;
    s.only_socket()->close(close_code::draining, errc::shutting_down);
    const auto heard = s.hear();
    CHECK(heard.close_code == 1012);
    CHECK(heard.frames.back().at("data").at("reconnect") == "after");
    CHECK(heard.number("afterMs") > 0);
}

TEST_CASE("a request that was answered before the drain began is closed by it", "[push_socket]") {
    push_stage s;
    auto answer = s.request();
    s.node.draining = true;
    s.upgrade(std::move(answer));
    CHECK(s.hear().close_code == 1012);
}

TEST_CASE("a peer that reads too slowly is closed with 4413", "[push_socket]") {
    open_stage s;
    const std::string bulk(60'000, 'x');
    auto version = s.user.facts.version;
    // Until the kernel's buffers and the outbox are full; the browser reads nothing meanwhile.
    for (int i = 0; i < 1'000 && s.counts.web_sockets.closed(close_code::slow_reader).value() == 0; ++i) {
        s.publish("e " + std::to_string(++version) + " 0 - - pending {\"type\":\"a.b\",\"bulk\":\"" + bulk + "\"}");
    }
    CHECK(s.counts.web_sockets.closed(close_code::slow_reader).value() == 1);
}

TEST_CASE("when the peer leaves everything that was held for it is given back", "[push_socket]") {
    open_stage s;
    s.tab.send(ws::opcode::close, "\x03\xe8");
    s.hear();
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.subscriptions.held == 0);
    CHECK(s.quota.taken() == 0);
    CHECK(s.counts.web_sockets.sockets.value() == 0);
    CHECK(s.counts.web_sockets.closed_by_peer.value() == 1);
}
