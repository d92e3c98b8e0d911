// GET /events: who gets an event stream, what it says, and how it ends.
#include <catch2/catch.hpp>

#include "notify-service/src/sse/events.hpp"
#include "notify-service/src/sse/stream_socket.hpp"
#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;

// One block of the stream.
struct block {
    std::string id;
    std::string retry;
    boost::json::object frame;  // empty: it says nothing but a retry

    std::string type() const {
        if (frame.empty()) return {};
        const std::string type{frame.at("type").as_string()};
        return type.substr(type.rfind('.') + 1);
    }
};

block parse_block(std::string_view text) {
    block made;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        const auto colon = line.find(": ");
        const auto name = line.substr(0, colon);
        const std::string value{line.substr(colon + 2)};
        if (name == "id") made.id = value;
        if (name == "retry") made.retry = value;
        if (name == "data") made.frame = boost::json::parse(value).as_object();
        CHECK((name == "id" || name == "retry" || name == "data"));
    }
    return made;
}

struct heard_stream {
    std::vector<block> blocks;
    bool ended = false;  // the body, by its last chunk or by the connection's end
    bool closed = false;

    words types() const {
        words all;
        for (const auto& each : blocks) {
            if (!each.frame.empty()) all.push_back(each.type());
        }
        return all;
    }
};

struct request_fields {
    std::string query{};
    std::optional<std::string> cookie{};
    std::vector<http::header_field> others{{"Origin", "https://app.example"}};
    http::method verb = http::method::get;
    unsigned minor_version = 1;
};

struct events_stage : push_stage {
    bool chunked = true;

    http::response request_events(const request_fields& with = {}) {
        const auto cookie = with.cookie.value_or(user.cookie());
        http::request_parts parts;
        parts.verb = with.verb;
        parts.minor_version = with.minor_version;
        chunked = with.minor_version >= 1;
        parts.target.path = "/events";
        parts.target.query = with.query;
        parts.fields = with.others;
        parts.fields.push_back({"Cookie", cookie});
        return answer(parts, &open_event_stream);
    }
    void open_events(const request_fields& with = {}) {
        auto given = request_events(with);
        REQUIRE(given.hands_over());
        upgrade(std::move(given));
    }
    heard_stream listen() {
        run();
        heard_stream all;
        input_ += tab.take_bytes(all.closed);
        if (chunked) {
            while (take_chunk(all)) {
            }
        } else {
            text_ += std::exchange(input_, {});
            all.ended = all.closed;
        }
        for (auto end = text_.find("\n\n"); end != std::string::npos; end = text_.find("\n\n")) {
            all.blocks.push_back(parse_block(std::string_view{text_}.substr(0, end + 1)));
            text_.erase(0, end + 2);
        }
        return all;
    }
    void tick(std::chrono::milliseconds after) {
        wall_time = now + after;
        only_socket()->tick(std::chrono::steady_clock::now() + after, wall_time);
    }

private:
    bool take_chunk(heard_stream& into) {
        const auto line = input_.find("\r\n");
        if (line == std::string::npos) return false;
        const auto size = std::stoul(input_.substr(0, line), nullptr, 16);
        if (input_.size() < line + 2 + size + 2) return false;
        CHECK(input_.substr(line + 2 + size, 2) == "\r\n");
        text_ += input_.substr(line + 2, size);
        input_.erase(0, line + 2 + size + 2);
        if (size == 0) into.ended = true;
        return size > 0;
    }

    std::string input_;  // from the connection
    std::string text_;   // of the stream
};

// Open, welcome heard.
struct open_events_stage : events_stage {
    explicit open_events_stage(unsigned minor_version = 1) {
        request_fields with;
        with.minor_version = minor_version;
        open_events(with);
        REQUIRE(listen().types() == words{"welcome"});
    }
};

std::string_view field_of(const http::response& answer, std::string_view name) {
    for (const auto& [each, value] : answer.fields()) {
        if (each == name) return value;
    }
    return {};
}

}  // namespace

TEST_CASE("a living session gets an event stream: a delay for bad days, then the welcome, without an id", "[events]") {
    const unsigned minor_version = GENERATE(0u, 1u);
    events_stage s;
    request_fields with;
    with.minor_version = minor_version;
    auto answer = s.request_events(with);
    CHECK(answer.status() == 200);
    CHECK(field_of(answer, "Content-Type") == "text/event-stream");
    CHECK(field_of(answer, "X-Accel-Buffering") == "no");
    CHECK(field_of(answer, "Transfer-Encoding") == (minor_version == 1 ? "chunked" : ""));
    s.upgrade(std::move(answer));
    const auto heard = s.listen();
    REQUIRE(heard.blocks.size() == 2);
    CHECK(heard.blocks[0].frame.empty());
    CHECK(std::stoi(heard.blocks[0].retry) >= 1000);
    CHECK(heard.blocks[1].type() == "welcome");
    CHECK(heard.blocks[1].id.empty());
    CHECK(heard.blocks[1].frame.at("data").at("resumed") == false);
    CHECK(s.counts.event_streams.sockets.value() == 1);
    CHECK(s.counts.web_sockets.sockets.value() == 0);
    CHECK(s.subscriptions.held == 1);
}

TEST_CASE("an event carries its cursor as id, as one chunk and as plain text alike", "[events]") {
    const unsigned minor_version = GENERATE(0u, 1u);
    open_events_stage s{minor_version};
    s.change("approved");
    const auto heard = s.listen();
    REQUIRE(heard.types() == words{"approved"});
    CHECK(parse_cursor(heard.blocks[0].id, s.user.who.user) == 4);
    CHECK(heard.blocks[0].frame.at("cursor") == boost::json::string{heard.blocks[0].id});
}

TEST_CASE("Last-Event-ID says where to go on, whatever the address says", "[events]") {
    events_stage s;
    const auto cursor = make_cursor(s.user.who.user, s.user.facts.version);
    s.change("updated", false);
    const auto later = make_cursor(s.user.who.user, s.user.facts.version);
    s.change("approved", false);
    request_fields with;
    SECTION("alone") { with.others.push_back({"Last-Event-ID", cursor}); }
    SECTION("before the one in the address") {
        with.others.push_back({"Last-Event-ID", cursor});
        with.query = "cursor=" + later;
    }
    SECTION("not there: the one in the address") { with.query = "cursor=" + cursor; }
    SECTION("empty: the one in the address") {
        with.others.push_back({"Last-Event-ID", ""});
        with.query = "cursor=" + cursor;
    }
    s.open_events(with);
    const auto heard = s.listen();
    CHECK(heard.types() == words{"welcome", "updated", "approved"});
    CHECK(heard.blocks[1].frame.at("data").at("resumed") == true);
}

TEST_CASE("pages of allowed origins may read the stream, those of others may not, and who is no page may", "[events]") {
    events_stage s;
    request_fields with;
    SECTION("an allowed origin is named back") {
        const auto answer = s.request_events(with);
        CHECK(answer.status() == 200);
        CHECK(field_of(answer, "Access-Control-Allow-Origin") == "https://app.example");
        CHECK(field_of(answer, "Access-Control-Allow-Credentials") == "true");
        CHECK(field_of(answer, "Vary") == "Origin");
    }
    SECTION("the page's own origin is not sent with a GET, but said in another way") {
        with.others = {{"Sec-Fetch-Site", "same-origin"}};
        const auto answer = s.request_events(with);
        CHECK(answer.status() == 200);
        CHECK(field_of(answer, "Access-Control-Allow-Origin").empty());
        CHECK(field_of(answer, "Vary") == "Origin");
    }
    SECTION("curl says neither") {
        with.others = {};
        CHECK(s.request_events(with).status() == 200);
    }
    SECTION("all others") {
        const std::string_view origin = GENERATE("", "null", "https://evil.example", "http://app.example");
        const std::string_view site = GENERATE("", "same-origin", "cross-site");
        with.others = {{"Origin", origin}, {"Sec-Fetch-Site", site}};
        CHECK(s.request_events(with).error() == errc::cross_origin);
        CHECK(s.source.reads == 0);
    }
    SECTION("a page that shows it as an image") {
        const std::string_view site = GENERATE("same-site", "cross-site");
        with.others = {{"Sec-Fetch-Site", site}};
        CHECK(s.request_events(with).error() == errc::cross_origin);
    }
}

TEST_CASE("a node that cannot serve answers 503 and says when to come back", "[events]") {
    events_stage s;
    errc why{};
    SECTION("draining") {
        s.node.draining = true;
        why = errc::shutting_down;
    }
    SECTION("without Redis") {
        s.redis_is_there = false;
        why = errc::redis_unavailable;
    }
    SECTION("the process holds all the sockets it may, of either kind") {
        why = errc::overloaded;
    }
    std::vector<socket_quota::place> taken;
    if (why == errc::overloaded) {
        for (int i = 0; i < 10; ++i) taken.push_back(*s.quota.take(std::to_string(i)));
    }
    const auto answer = s.request_events();
    CHECK(answer.status() == 503);
    CHECK(answer.error() == why);
    CHECK_FALSE(field_of(answer, "Retry-After").empty());
    CHECK(field_of(answer, "Access-Control-Allow-Origin") == "https://app.example");
    CHECK(s.counts.event_streams.handshakes.unavailable.value() == 1);
}

TEST_CASE("who may not have a stream is told by the status", "[events]") {
    events_stage s;
    request_fields with;
    unsigned status = 401;
    errc why = errc::session_signed_out;
    SECTION("no cookie") {
        with.cookie = "";
        why = errc::no_session;
    }
    SECTION("not one of ours") {
        with.cookie = "c=junk";
        why = errc::session_invalid;
    }
    SECTION("signed out") { s.user.ended = errc::session_signed_out; }
    SECTION("signed out during the request, after its record was read") {
        s.source.before_reply = [&] { s.end_session(); };
    }
    SECTION("of a suspended user") {
        s.user.facts.status = user_status::suspended;
        ++s.user.facts.epoch;
        status = 403;
        why = errc::account_suspended;
    }
    const auto answer = s.request_events(with);
    CHECK(answer.status() == status);
    CHECK(answer.error() == why);
    CHECK(s.counts.event_streams.handshakes.refused.value() == 1);
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.subscriptions.held == 0);
}

TEST_CASE("a session that this node cannot judge is told to refresh, and the client comes back by itself", "[events]") {
    events_stage s;
    s.user.record_missing = true;
    const auto answer = s.request_events();
    CHECK(answer.status() == 200);
    CHECK(answer.type() == "text/event-stream");
    CHECK_FALSE(answer.hands_over());
    const auto told = parse_block(answer.body().substr(0, answer.body().size() - 1));
    CHECK(told.type() == "closing");
    CHECK(told.frame.at("data").at("code") == 4404);
    CHECK(told.frame.at("data").at("reconnect") == "after-refresh");
    CHECK(std::stoi(told.retry) >= 1000);
}

TEST_CASE("sockets of both kinds are counted together, and one too many is 429", "[events]") {
    events_stage s;
    auto first = s.request();
    auto second = s.request_events();
    const auto third = s.request_events();
    CHECK(third.error() == errc::rate_limited);
    CHECK(std::stoi(std::string{field_of(third, "Retry-After")}) >= 5);
    { const auto gone = std::move(second); }
    CHECK(s.request_events().status() == 200);
    CHECK(s.counts.event_streams.handshakes.abandoned.value() == 2);
}

TEST_CASE("the end of the session ends the stream: `closing`, the end of the body, and nothing more", "[events]") {
    open_events_stage s;
    s.end_session();
    s.change();
    auto heard = s.listen();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.blocks[0].frame.at("data").at("cause") == "session_signed_out");
    CHECK(heard.blocks[0].retry.empty());
    CHECK(heard.ended);
    CHECK(heard.closed);
    s.tab.leave();
    s.run();
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.quota.taken() == 0);
    CHECK(s.subscriptions.held == 0);
    CHECK(s.counts.event_streams.closed(close_code::session_over).value() == 1);
}

TEST_CASE("a peer that does not close is closed", "[events]") {
    open_events_stage s;
    s.end_session();
    s.context.restart();
    s.context.run_for(limits::ws_close_time + 100ms);
    CHECK(s.sockets.sockets() == 0);
}

TEST_CASE("a peer that reads nothing hears nothing more, and is cut off", "[events]") {
    open_events_stage s;
    const std::string bulk(60'000, 'x');
    auto version = s.user.facts.version;
    // Until the kernel's buffers are full.
    for (int i = 0; i < 100; ++i) {
        s.publish("e " + std::to_string(++version) + " 0 - - pending {\"type\":\"a.b\",\"bulk\":\"" + bulk + "\"}");
        if (s.counts.event_streams.closed(close_code::slow_reader).value() > 0) break;
    }
    s.end_session();
    s.run();
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.counts.event_streams.sockets.value() == 0);
}

TEST_CASE("a slow reader is told to come back, behind what it can still read", "[events]") {
    open_events_stage s;
    const std::string bulk(60'000, 'x');
    auto version = s.user.facts.version;
    for (int i = 0; i < 1'000 && s.counts.event_streams.closed(close_code::slow_reader).value() == 0; ++i) {
        s.publish("e " + std::to_string(++version) + " 0 - - pending {\"type\":\"a.b\",\"bulk\":\"" + bulk + "\"}");
    }
    REQUIRE(s.counts.event_streams.closed(close_code::slow_reader).value() == 1);
    heard_stream heard;
    std::vector<block> all;
    while (!heard.ended) {
        heard = s.listen();
        all.insert(all.end(), heard.blocks.begin(), heard.blocks.end());
        REQUIRE((heard.ended || !heard.closed));
    }
    CHECK(all.back().type() == "closing");
    CHECK(all.back().frame.at("data").at("code") == 4413);
    CHECK_FALSE(all.back().retry.empty());
}

TEST_CASE("a draining node closes with a delay that browsers obey", "[events]") {
    open_events_stage s;
    s.only_socket()->close(close_code::draining, errc::shutting_down);
    const auto heard = s.listen();
    REQUIRE(heard.types() == words{"closing"});
    const auto& data = heard.blocks[0].frame.at("data");
    CHECK(data.at("code") == 1012);
    CHECK(data.at("reconnect") == "after");
    CHECK(std::to_string(data.at("afterMs").as_int64()) == heard.blocks[0].retry);
    CHECK(heard.ended);
}

TEST_CASE("heartbeats, a lost link and a refresh look as on a WebSocket", "[events]") {
    open_events_stage s;
    s.tick(25s);
    CHECK(s.listen().types() == words{"heartbeat"});
    s.tick(50s);
    CHECK(s.listen().types() == words{"heartbeat"});  // no pong was waited for
    s.lose_link();
    CHECK(s.listen().types() == words{"degraded"});
    s.change("approved", false);
    s.user.rotate_to(1);
    s.restore_link();
    CHECK(s.listen().types() == words{"welcome", "approved"});
}

TEST_CASE("what a peer sends behind its request is no request, and too much of it ends the stream", "[events]") {
    open_events_stage s;
    s.tab.send_bytes("GET /events HTTP/1.1\r\n\r\n");
    CHECK_FALSE(s.listen().closed);
    for (std::size_t sent = 0; sent <= limits::sse_ignored_bytes; sent += 1024) s.tab.send_bytes(std::string(1024, 'x'));
    CHECK(s.listen().closed);
    CHECK(s.sockets.sockets() == 0);
}

TEST_CASE("when the peer leaves everything that was held for its stream is given back", "[events]") {
    open_events_stage s;
    s.tab.leave();
    s.run();
    CHECK(s.sockets.sockets() == 0);
    CHECK(s.subscriptions.held == 0);
    CHECK(s.quota.taken() == 0);
    CHECK(s.counts.event_streams.sockets.value() == 0);
    CHECK(s.counts.event_streams.closed_by_peer.value() == 1);
}

TEST_CASE("every farewell tells the delay of its code, and none where nobody is to come back", "[events]") {
    events_stage s;
    for (const auto& rule : close_table) {
        INFO(static_cast<int>(rule.code));
        const auto farewell = make_farewell(s.node, encoding::event_stream, rule.code, {});
        const auto told = parse_block(farewell->view().substr(0, farewell->size() - 1));
        const auto& after = told.frame.at("data").at("afterMs");
        CHECK(after.is_null() == (rule.advice != reconnect::after));
        CHECK(told.retry.empty() == (rule.advice == reconnect::never));
        if (told.retry.empty()) continue;
        CHECK(std::stoi(told.retry) >= rule.soonest_ms);
        CHECK(std::stoi(told.retry) <= rule.latest_ms);
        if (!after.is_null()) CHECK(std::to_string(after.as_int64()) == told.retry);
    }
}

TEST_CASE("one event is encoded once for each kind of transport", "[events]") {
    const user_id somebody{make_uuid_v7()};
    outgoing_event event{somebody, 7, "{\"a\":\n1}"};
    CHECK(event.as(encoding::event_stream) == event.as(encoding::event_stream));
    const auto cursor = make_cursor(somebody, 7);
    CHECK(event.as(encoding::event_stream)->view() == "id: " + cursor + "\ndata: {\"a\": 1}\n\n");
    CHECK(event.as(encoding::chunked_event_stream)->view() == "1f\r\nid: " + cursor + "\ndata: {\"a\": 1}\n\n\r\n");
    CHECK(event.as(encoding::websocket)->view().ends_with("{\"a\":\n1}"));
}
