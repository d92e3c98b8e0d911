// What a socket's line says of what the socket was given (N9).
#include <catch2/catch.hpp>

#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;

namespace {

std::string acknowledgement(const user_id& user, std::int64_t version) {
    return R"({"type":"ack","cursor":")" + make_cursor(user, version) + "\"}";
}

receipt without_time(receipt what) {
    what.at = {};
    return what;
}

}  // namespace

TEST_CASE("a socket's line begins at its cursor, and ends with what it was given and has acknowledged", "[receipts]") {
    push_stage s;
    s.open();
    s.change();
    s.change("approved");
    s.hear();
    s.tab.send(ws::opcode::text, acknowledgement(s.user.who.user, 4));
    s.hear();
    CHECK(without_time(s.told().at(1)) == receipt{true, true, 3, 5, 4, {}});
}

TEST_CASE("what is replayed to a socket that comes back was written to that one too", "[receipts]") {
    push_stage s;
    s.change();
    s.change();
    s.open("cursor=" + make_cursor(s.user.who.user, 3));
    s.publish(s.source.stream.back().second);  // and once more
    CHECK(without_time(s.told().at(1)) == receipt{true, true, 3, 5, 3, {}});
}

TEST_CASE("nothing past what was written is acknowledged", "[receipts]") {
    push_stage s;
    s.open();
    s.change();
    s.hear();
    s.tab.send(ws::opcode::text, acknowledgement(s.user.who.user, 9));
    s.hear();
    CHECK(s.told().at(1).acknowledged == 3);
}

TEST_CASE("an event that found a full queue was not written", "[receipts]") {
    push_stage s;
    s.open();
    const std::string bulk(60'000, 'x');
    auto version = s.user.facts.version;
    for (int i = 0; i < 1'000 && s.counts.web_sockets.closed(close_code::slow_reader).value() == 0; ++i) {
        s.publish("e " + std::to_string(++version) + " 0 - - pending {\"type\":\"a.b\",\"bulk\":\"" + bulk + "\"}");
    }
    s.only_socket()->abort();
    CHECK(s.told().at(1).written == version - 1);
}

TEST_CASE("a socket that leaves is said to have left; one that was refused has no line", "[receipts]") {
    push_stage s;
    SECTION("left") {
        s.open();
        s.tab.send(ws::opcode::close, "\x03\xe8");
        s.hear();
        CHECK(without_time(s.told().at(1)) == receipt{false, true, 3, 3, 3, {}});
    }
    SECTION("refused") {
        s.upgrade(s.request({}, ""));
        CHECK(s.told().empty());
    }
    SECTION("abandoned before the upgrade") {
        { const auto answer = s.request(); }
        CHECK(s.told().empty());
    }
}

TEST_CASE("an event that ends the session was not written", "[receipts]") {
    push_stage s;
    s.open();
    s.user.facts.status = user_status::suspended;
    ++s.user.facts.epoch;
    s.change("suspended");
    s.hear();
    CHECK(without_time(s.told().at(1)) == receipt{false, true, 3, 3, 3, {}, 4});
}

TEST_CASE("a change that ended the session while its message was lost is found in the stream", "[receipts]") {
    push_stage s;
    s.open();
    s.change("approved", false);
    s.user.facts.status = user_status::suspended;
    ++s.user.facts.epoch;
    s.change("suspended", false);
    s.lose_link();
    s.restore_link();
    s.hear();
    CHECK(without_time(s.told().at(1)) == receipt{false, true, 3, 3, 3, {}, 5});
}

TEST_CASE("a session that ended by itself was ended by no change", "[receipts]") {
    push_stage s;
    s.open();
    s.end_session();
    s.hear();
    CHECK(s.told().at(1).ended == 0);
}

TEST_CASE("a socket that lost its place in a shorter history begins another line", "[receipts]") {
    push_stage s;
    s.open();
    s.change();
    s.hear();
    s.lose_link();
    s.user.facts.version = 20;
    s.source.stream = {{20, s.user.letter_text()}};
    s.restore_link();
    s.hear();
    const auto told = s.told();
    CHECK(without_time(told.at(1)) == receipt{false, true, 3, 4, 3, {}});
    CHECK(without_time(told.at(2)) == receipt{true, true, 20, 20, 20, {}});
}
