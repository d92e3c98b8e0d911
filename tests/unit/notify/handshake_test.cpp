// Who gets a socket, and what the others hear.
#include <catch2/catch.hpp>

#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;

TEST_CASE("a living session is upgraded and welcomed", "[handshake]") {
    push_stage s;
    s.open();
    const auto heard = s.hear();
    REQUIRE(heard.types() == std::vector<std::string>{"welcome"});
    const auto& welcome = heard.frames[0];
    CHECK(welcome.at("data").at("user").at("id") == boost::json::string{s.user.who.user.text()});
    CHECK(welcome.at("data").at("resumed") == false);
    CHECK(parse_cursor(welcome.at("cursor").as_string(), s.user.who.user) == 3);
    CHECK(s.counts.web_sockets.sockets.value() == 1);
    CHECK(s.subscriptions.held == 1);
}

TEST_CASE("a cursor is resumed: the welcome names it, what was missed follows", "[handshake]") {
    push_stage s;
    const auto cursor = "cursor=" + make_cursor(s.user.who.user, s.user.facts.version);
    s.change("updated", false);
    s.change("approved", false);
    s.open(cursor);
    const auto heard = s.hear();
    CHECK(heard.types() == std::vector<std::string>{"welcome", "updated", "approved"});
    CHECK(heard.frames[0].at("data").at("resumed") == true);
    CHECK(parse_cursor(heard.frames[0].at("cursor").as_string(), s.user.who.user) == 3);
    CHECK(heard.frames[0].at("data").at("user").at("version") == 5);
}

TEST_CASE("a cursor that is none of this user's resumes nothing", "[handshake]") {
    const std::string_view query = GENERATE("another user's", "cursor=x", "cursor=", "%");
    push_stage s;
    s.open(query == "another user's" ? "cursor=" + make_cursor(user_id{make_uuid_v7()}, 2) : std::string{query});
    const auto heard = s.hear();
    REQUIRE(heard.types() == std::vector<std::string>{"welcome"});
    CHECK(heard.frames[0].at("data").at("resumed") == false);
}

TEST_CASE("what is no handshake of WebSocket is told so", "[handshake]") {
    push_stage s;
    CHECK(s.request({}, {}, "https://app.example", false).status() == 426);
}

TEST_CASE("a missing or foreign origin is refused before the upgrade and before Redis", "[handshake]") {
    const std::string_view origin = GENERATE("", "null", "https://evil.example", "http://app.example",
                                             "https://app.example.evil.example", "https://app.example:444");
    push_stage s;
    const auto answer = s.request({}, {}, origin);
    CHECK(answer.status() == 403);
    CHECK(answer.error() == errc::cross_origin);
    CHECK(s.source.reads == 0);
}

TEST_CASE("a node that cannot serve answers 503 before the upgrade", "[handshake]") {
    push_stage s;
    SECTION("draining") {
        s.node.draining = true;
        CHECK(s.request().error() == errc::shutting_down);
    }
    SECTION("without Redis") {
        s.redis_is_there = false;
        CHECK(s.request().error() == errc::redis_unavailable);
    }
    SECTION("Redis leaves during the handshake") {
        s.source.away = true;
        CHECK(s.request().error() == errc::redis_unavailable);
    }
    SECTION("the channel cannot be had") {
        s.subscriptions.failure = errc::overloaded;
        CHECK(s.request().error() == errc::overloaded);
    }
    SECTION("the subscriptions are lost during the handshake") {
        s.source.before_reply = [&] { s.lose_link(); };
        CHECK(s.request().error() == errc::redis_unavailable);
    }
    SECTION("the process holds all the sockets it may") {
        std::vector<socket_quota::place> taken;
        for (int i = 0; i < 10; ++i) taken.push_back(*s.quota.take(std::to_string(i)));
        CHECK(s.request().error() == errc::overloaded);
    }
    CHECK(s.counts.web_sockets.handshakes.unavailable.value() == 1);
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.subscriptions.held == 0);
}

TEST_CASE("a session that is over is upgraded, told so and closed", "[handshake]") {
    push_stage s;
    std::optional<std::string> cookie;
    int code = 4401;
    SECTION("no cookie") { cookie = ""; }
    SECTION("not one of ours") { cookie = "c=junk"; }
    SECTION("signed out") { s.user.ended = errc::session_signed_out; }
    SECTION("signed out during the handshake, after its record was read") {
        s.source.before_reply = [&] { s.end_session(); };
    }
    SECTION("unknown to Redis") {
        s.user.record_missing = true;
        code = 4404;
    }
    SECTION("of a suspended user") {
        s.user.facts.status = user_status::suspended;
        ++s.user.facts.epoch;
        code = 4403;
    }
    auto answer = s.request({}, cookie);
    CHECK(answer.status() == 101);
    s.upgrade(std::move(answer));
    const auto heard = s.hear();
    CHECK(heard.types() == std::vector<std::string>{"closing"});
    CHECK(heard.close_code == code);
    CHECK(heard.number("code") == code);
    CHECK(s.counts.web_sockets.handshakes.refused.value() == 1);
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.subscriptions.held == 0);
}

TEST_CASE("strangers cost no round trip where the keys are", "[handshake]") {
    push_stage s;
    auto token = s.user.token();
    token[70] = token[70] == 'A' ? 'B' : 'A';
    s.request({}, "c=" + token);
    CHECK(s.source.reads == 0);
}

TEST_CASE("a dead cookie does not hide a live one", "[handshake]") {
    push_stage s;
    s.upgrade(s.request({}, "c=junk; " + s.user.cookie()));
    CHECK(s.hear().types() == std::vector<std::string>{"welcome"});
}

TEST_CASE("a user with enough sockets gets no more until one is gone", "[handshake]") {
    push_stage s;
    auto first = s.request();
    auto second = s.request();
    s.upgrade(s.request());
    const auto heard = s.hear();
    CHECK(heard.close_code == 4409);
    CHECK(heard.number("afterMs") >= 1000);
    CHECK(s.sockets.sockets() == 2);

    { const auto gone = std::move(first); }
    CHECK(s.counts.web_sockets.handshakes.abandoned.value() == 1);
    s.upgrade(s.request());
    CHECK(s.hear().types() == std::vector<std::string>{"welcome"});
}

TEST_CASE("a network with enough sockets is answered 429, before the upgrade and before Redis", "[handshake]") {
    push_stage s;
    std::vector<socket_quota::place> taken;
    for (int i = 0; i < 8; ++i) taken.push_back(*s.quota.take("127.0.0.1"));
    const auto answer = s.request();
    CHECK(answer.status() == 429);
    CHECK(answer.error() == errc::rate_limited);
    CHECK(s.source.reads == 0);
    CHECK(s.counts.web_sockets.handshakes.refused.value() == 1);
    taken.pop_back();
    CHECK(s.request().status() == 101);
}
