// The small rules a socket lives by: heartbeat and pong, message rate, acknowledgements, quotas.
#include <catch2/catch.hpp>
#include <optional>

#include "common/core/event.hpp"
#include "notify-service/src/hub/message_rate.hpp"
#include "notify-service/src/hub/pulse.hpp"
#include "notify-service/src/hub/socket_quota.hpp"
#include "notify-service/src/ws/client_message.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace std::chrono_literals;

namespace {

const steady_time start{1h};

}  // namespace

TEST_CASE("a heartbeat is due each interval, and none before the start", "[pulse]") {
    pulse p;
    CHECK(p.tick(start, 25s) == pulse::beat::none);
    p.start(start + 25s);
    CHECK(p.tick(start + 24s, 25s) == pulse::beat::none);
    CHECK(p.tick(start + 25s, 25s) == pulse::beat::due);
    p.pong();
    CHECK(p.tick(start + 49s, 25s) == pulse::beat::none);
    CHECK(p.tick(start + 50s, 25s) == pulse::beat::due);
}

TEST_CASE("a ping without an answer in time means a dead peer, however short the interval", "[pulse]") {
    const auto interval = GENERATE(200ms, 25'000ms);
    pulse p;
    p.start(start + interval);
    const auto pinged = start + interval;
    REQUIRE(p.tick(pinged, interval) == pulse::beat::due);
    for (auto at = pinged; at < pinged + limits::ws_pong_time; at += 100ms) {
        CHECK(p.tick(at, interval) != pulse::beat::missing);
    }
    CHECK(p.tick(pinged + limits::ws_pong_time, interval) == pulse::beat::missing);
    p.pong();
    CHECK(p.tick(pinged + limits::ws_pong_time, interval) != pulse::beat::missing);
}

TEST_CASE("a client may send so many messages a minute, and again in the next one", "[message_rate]") {
    message_rate rate;
    for (std::size_t i = 0; i < limits::ws_messages_per_minute; ++i) CHECK(rate.admit(start));
    CHECK_FALSE(rate.admit(start + 59s));
    CHECK(rate.admit(start + 60s));
}

TEST_CASE("an acknowledgement counts up to what was written to the socket", "[client_message]") {
    const user_id user{make_uuid_v7()};
    const auto ack = [&](const std::string& cursor) { return R"({"type":"ack","cursor":")" + cursor + "\"}"; };
    CHECK(read_acknowledgement(ack(make_cursor(user, 4)), user, 4) == 4);
    CHECK_FALSE(read_acknowledgement(ack(make_cursor(user, 5)), user, 4));
    CHECK_FALSE(read_acknowledgement(ack(make_cursor(user_id{make_uuid_v7()}, 4)), user, 4));
    CHECK_FALSE(read_acknowledgement(ack(""), user, 4));
    const auto* const other = GENERATE("", "hello", "[]", "{}", "null", R"({"type":"ack"})", R"({"type":1,"cursor":2})",
                                       R"({"type":"nack","cursor":"x"})");
    CHECK_FALSE(read_acknowledgement(other, user, 4));
}

TEST_CASE("the process holds so many sockets", "[socket_quota]") {
    socket_quota quota{{.sockets = 2, .per_user = 2, .per_network = 2}};
    std::optional<socket_quota::place> a{*quota.take("here")};
    {
        const auto b = quota.take("here");
        CHECK(b.has_value());
        CHECK(quota.take("here").error() == errc::overloaded);
        CHECK(quota.taken() == 2);
    }
    CHECK(quota.taken() == 1);
    const auto moved = std::move(*a);
    a.reset();
    CHECK(quota.taken() == 1);
}

TEST_CASE("each user holds so many sockets", "[socket_quota]") {
    socket_quota quota{{.sockets = 10, .per_user = 2, .per_network = 10}};
    const user_id user{make_uuid_v7()};
    std::optional<socket_quota::place> a{*quota.take("here")};
    auto b = quota.take("here");
    auto c = quota.take("here");
    CHECK(a->claim_for(user));
    CHECK(b->claim_for(user));
    CHECK_FALSE(c->claim_for(user));
    CHECK(c->claim_for(user_id{make_uuid_v7()}));
    a.reset();
    auto d = quota.take("here");
    CHECK(d->claim_for(user));
}

TEST_CASE("each network of clients holds so many sockets, and is forgotten with the last", "[socket_quota]") {
    socket_quota quota{{.sockets = 10, .per_user = 2, .per_network = 2}};
    auto a = quota.take("here");
    {
        const auto b = quota.take("here");
        CHECK(b.has_value());
        CHECK(quota.take("here").error() == errc::rate_limited);
        CHECK(quota.take("there").has_value());
        CHECK(quota.taken() == 2);
    }
    CHECK(quota.take("here").has_value());
}
