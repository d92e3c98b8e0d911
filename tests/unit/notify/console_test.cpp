// An admin's socket: everybody's events beside the admin's own, one cursor for both, and no longer than the role (R3, N5).
#include <catch2/catch.hpp>
#include <string>

#include "common/core/admin_event.hpp"
#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;

namespace {

using words = std::vector<std::string>;

struct admin_stage : push_stage {
    std::int64_t newest = 0;

    admin_stage() {
        user.facts.role = user_role::admin;
        user.facts.status = user_status::active;
        source.stream.back().second = user.letter_text();
        post("registered");
        post("registered");
    }

    // Something that happened to somebody, in the admins' stream, and on the channel if `published`.
    void post(std::string_view kind, bool published = true, std::optional<user_id> whom = {}) {
        user_event event;
        event.kind = kind;
        event.facts.id = whom.value_or(user_id{make_uuid_v7()});
        event.facts.version = 1;
        event.at = now;
        const auto letter = "a " + source.incarnation + " " + std::to_string(++newest) + " " + to_frame(event);
        source.admins.emplace_back(newest, letter);
        if (published) sockets.on_admin_message(letter);
    }
    void begin_another_life() {
        source.admins.clear();
        source.incarnation = "another";
        newest = 0;
    }

    std::string cursor_at(std::int64_t version, std::int64_t number) const {
        return make_console_cursor(user.who.user, version, admin_place{source.incarnation, number});
    }
    static std::string cursor_of(const boost::json::object& frame) { return std::string{frame.at("cursor").as_string()}; }
    static bool feed_resumed(const boost::json::object& welcome) {
        return welcome.at("data").at("feed").at("resumed").as_bool();
    }
};

}  // namespace

TEST_CASE("an admin hears of everybody, from the welcome on", "[console]") {
    admin_stage s;
    s.open();
    auto heard = s.hear();
    REQUIRE(heard.types() == words{"welcome"});
    CHECK_FALSE(s.feed_resumed(heard.frames[0]));
    CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(3, 2));
    CHECK(s.counts.consoles.value() == 1);

    s.post("registered");
    s.post("approved");
    heard = s.hear();
    REQUIRE(heard.types() == words{"registered", "approved"});
    CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(3, 3));
    CHECK(s.cursor_of(heard.frames[1]) == s.cursor_at(3, 4));
}

TEST_CASE("who is no active admin hears of nobody else", "[console]") {
    admin_stage s;
    SECTION("a stage manager") { s.user.facts.role = user_role::stage_manager; }
    SECTION("an admin who waits") { s.user.facts.status = user_status::pending; }
    s.open("cursor=" + s.cursor_at(3, 1));
    auto heard = s.hear();
    REQUIRE(heard.types() == words{"welcome"});
    CHECK(heard.frames[0].at("data").at("resumed") == true);
    CHECK_FALSE(heard.frames[0].at("data").as_object().contains("feed"));
    s.post("registered");
    CHECK(s.hear().frames.empty());
    CHECK(s.subscriptions.held == 1);
}

TEST_CASE("one cursor resumes both: the admin's own events and everybody's", "[console]") {
    admin_stage s;
    s.post("approved", false);
    s.change("updated", false);
    s.open("cursor=" + s.cursor_at(3, 1));
    const auto heard = s.hear();
    REQUIRE(heard.types() == words{"welcome", "updated", "registered", "approved"});
    CHECK(heard.frames[0].at("data").at("resumed") == true);
    CHECK(s.feed_resumed(heard.frames[0]));
    CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(3, 1));
    CHECK(s.cursor_of(heard.frames[1]) == s.cursor_at(4, 1));
    CHECK(s.cursor_of(heard.frames[2]) == s.cursor_at(4, 2));
    CHECK(s.cursor_of(heard.frames[3]) == s.cursor_at(4, 3));
}

TEST_CASE("what happens to the admin is told by the own stream alone", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.change("updated");
    s.post("updated", true, s.user.who.user);
    s.post("registered");
    auto heard = s.hear();
    CHECK(heard.types() == words{"updated", "registered"});
    CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(4, 2));
    CHECK(s.cursor_of(heard.frames[1]) == s.cursor_at(4, 4));

    s.post("updated", false, s.user.who.user);
    s.post("approved");  // a hole: the stream is read
    heard = s.hear();
    CHECK(heard.types() == words{"approved"});
}

TEST_CASE("after a hole, or a lost link, nothing is missed or told twice", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.post("registered", false);
    s.post("approved");
    CHECK(s.hear().types() == words{"registered", "approved"});
    s.lose_link();
    s.post("rejected", false);
    s.restore_link();
    const auto heard = s.hear();
    CHECK(heard.types() == words{"degraded", "welcome", "rejected"});
    CHECK(s.feed_resumed(heard.frames[1]));
    s.sockets.on_admin_message(s.source.admins.back().second);
    CHECK(s.hear().frames.empty());
}

TEST_CASE("another life of the admins' stream is said: consoles reload", "[console]") {
    admin_stage s;
    SECTION("while the socket is open") {
        s.open();
        s.hear();
        s.begin_another_life();
        s.post("registered");
        const auto heard = s.hear();
        REQUIRE(heard.types() == words{"welcome"});
        CHECK(heard.frames[0].at("data").at("resumed") == true);
        CHECK_FALSE(s.feed_resumed(heard.frames[0]));
        CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(3, 1));
    }
    SECTION("before the client came back") {
        const auto before = s.cursor_at(3, 2);
        s.begin_another_life();
        s.post("registered");
        s.open("cursor=" + before);
        const auto heard = s.hear();
        REQUIRE(heard.types() == words{"welcome", "welcome"});
        CHECK(heard.frames[0].at("data").at("feed").is_null());
        CHECK_FALSE(s.feed_resumed(heard.frames[1]));
    }
    s.post("approved");
    CHECK(s.hear().types() == words{"approved"});
}

TEST_CASE("an admins' stream without any event yet begins with its first one", "[console]") {
    admin_stage s;
    s.begin_another_life();
    s.open();
    CHECK(s.hear().types() == words{"welcome"});
    s.post("registered");
    const auto heard = s.hear();
    CHECK(heard.types() == words{"registered"});
    CHECK(s.cursor_of(heard.frames[0]) == s.cursor_at(3, 1));
}

TEST_CASE("the feed ends with the role, before anything more is told: refresh, then come back", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.user.facts.role = user_role::stage_manager;
    s.change("updated");
    s.post("registered");
    const auto heard = s.hear();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.close_code == 4404);
    CHECK(heard.frames[0].at("data").at("cause") == "forbidden");
    CHECK(heard.frames[0].at("data").at("reconnect") == "after-refresh");
    s.tab.send(ws::opcode::close, "\x11\x34");
    s.hear();
    CHECK(s.counts.consoles.value() == 0);
    CHECK(s.subscriptions.held == 0);
}

TEST_CASE("a role that was lost while the link was is noticed before anything is caught up with", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.lose_link();
    s.user.facts.role = user_role::stage_manager;
    s.change("updated", false);
    s.post("registered", false);
    s.restore_link();
    CHECK(s.hear().types() == words{"degraded", "closing"});
}

TEST_CASE("a suspended admin's socket hears 4403 and nothing of others", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.user.facts.status = user_status::suspended;
    ++s.user.facts.epoch;
    s.change("suspended");
    s.post("registered");
    const auto heard = s.hear();
    CHECK(heard.types() == words{"closing"});
    CHECK(heard.close_code == 4403);
}

TEST_CASE("a heartbeat of a console names both places, and looks for what no letter told", "[console]") {
    admin_stage s;
    s.open();
    s.hear();
    s.post("registered", false);
    s.only_socket()->tick(std::chrono::steady_clock::now() + std::chrono::seconds{25}, now);
    const auto heard = s.hear();
    REQUIRE(heard.types() == words{"heartbeat", "registered"});
    CHECK(heard.frames[0].at("data").at("cursor") == boost::json::string{s.cursor_at(3, 2)});
}

TEST_CASE("a console acknowledges its own events by the cursors that it sees", "[console]") {
    admin_stage s;
    s.open();
    s.change("updated");
    s.hear();
    s.tab.send(ws::opcode::text, R"({"type":"ack","cursor":")" + s.cursor_at(4, 2) + "\"}");
    s.hear();
    CHECK(s.told().at(1).acknowledged == 4);
}
