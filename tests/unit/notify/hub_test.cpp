// What a user's channel says, and which sockets hear it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "notify-service/src/hub/hub.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;

namespace {

struct fake_socket final : member {
    using member::member;
    int reads = 0;
    int losses = 0;
    std::vector<frame> written;
    std::optional<refusal> ended;

    void start_read() override { ++reads; }
    bool full = false;
    std::int64_t ended_by = 0;

    bool write(outgoing_event& event) override {
        if (!full) written.push_back(event.as(encoding::websocket));
        return !full;
    }
    void on_link_lost() override { ++losses; }
    void end(const refusal& why, std::int64_t change) override {
        ended = why;
        ended_by = change;
    }

    // Its channel is confirmed, its session lives, its stream ends at `version`.
    void admit(std::int64_t epoch, std::int64_t version) {
        holds_channel_ = true;
        epoch_ = epoch;
        position_.on_confirmed();
        const std::vector<std::int64_t> head{version};
        position_.on_read(position_.pending().ticket, head, false);
    }
};

session::session_ref somebody() { return {user_id{make_uuid_v7()}, session_id{make_uuid_v4()}}; }

session::session_ref another_session_of(const session::session_ref& who) {
    return {who.user, session_id{make_uuid_v4()}};
}

std::string letter_text(std::int64_t version, std::int64_t epoch = 0, std::string_view status = "active",
                        std::string_view kept = "- -") {
    return "e " + std::to_string(version) + " " + std::to_string(epoch) + " " + std::string{kept} + " " +
           std::string{status} + " {\"v\":" + std::to_string(version) + "}";
}

// Two tabs of one user, live at version 1 and epoch 0.
struct two_tabs {
    obs::metrics registry;
    push_metrics counts{registry};
    hub node{counts};
    fake_socket a{somebody(), feed{}};
    fake_socket b{another_session_of(a.who()), feed{}};

    two_tabs() {
        node.join(a);
        node.join(b);
        a.admit(0, 1);
        b.admit(0, 1);
    }
    ~two_tabs() {
        node.leave(a);
        node.leave(b);
    }
    void publish(const std::string& text) { node.on_message(a.who().user, text); }
};

}  // namespace

TEST_CASE("a user is forgotten with the last socket", "[hub]") {
    obs::metrics registry;
    push_metrics counts{registry};
    hub node{counts};
    fake_socket a{somebody(), feed{}};
    fake_socket b{another_session_of(a.who()), feed{}};
    node.join(a);
    node.join(b);
    CHECK(node.sockets() == 2);
    CHECK(node.users() == 1);
    node.leave(a);
    CHECK(node.users() == 1);
    node.leave(b);
    CHECK(node.users() == 0);
    CHECK(node.sockets() == 0);
}

TEST_CASE("an event is written to all sockets of its user as one shared frame", "[hub]") {
    two_tabs tabs;
    tabs.publish(letter_text(2));
    REQUIRE(tabs.a.written.size() == 1);
    REQUIRE(tabs.b.written.size() == 1);
    CHECK(tabs.a.written[0]->view().ends_with("{\"v\":2}"));
    CHECK(tabs.a.written[0] == tabs.b.written[0]);
    CHECK(tabs.counts.events_written.value() == 2);
}

TEST_CASE("an event that a socket could not take does not count as written", "[hub]") {
    two_tabs tabs;
    tabs.b.full = true;
    tabs.publish(letter_text(2));
    CHECK(tabs.a.written.size() == 1);
    CHECK(tabs.counts.events_written.value() == 1);
}

TEST_CASE("news of one user reaches nobody else", "[hub]") {
    two_tabs tabs;
    fake_socket stranger{somebody(), feed{}};
    tabs.node.join(stranger);
    stranger.admit(0, 1);
    tabs.publish(letter_text(2));
    CHECK(stranger.written.empty());
    tabs.node.on_message(user_id{make_uuid_v7()}, letter_text(2));
    CHECK(tabs.a.written.size() == 1);
    tabs.node.leave(stranger);
}

TEST_CASE("a hole makes the socket read", "[hub]") {
    two_tabs tabs;
    tabs.publish(letter_text(3));
    CHECK(tabs.a.written.empty());
    CHECK(tabs.a.reads == 1);
    CHECK(tabs.counts.holes.value() == 2);
}

TEST_CASE("a raised epoch ends the sockets of dead sessions and spares the kept one", "[hub]") {
    two_tabs tabs;
    tabs.publish(letter_text(2, 1, "active", tabs.b.who().session.text() + " 1"));
    CHECK(tabs.a.ended == refusal{close_code::session_over, errc::session_revoked});
    CHECK(tabs.a.written.empty());
    CHECK_FALSE(tabs.b.ended);
    CHECK(tabs.b.written.size() == 1);
}

TEST_CASE("suspension ends all sockets with its own code, and writes them nothing", "[hub]") {
    two_tabs tabs;
    tabs.publish(letter_text(2, 1, "suspended"));
    CHECK(tabs.a.ended == refusal{close_code::account_suspended, errc::account_suspended});
    CHECK(tabs.b.ended == refusal{close_code::account_suspended, errc::account_suspended});
    CHECK(tabs.b.ended_by == 2);
    CHECK(tabs.a.written.empty());
}

TEST_CASE("the end of a session ends its sockets and no others, also before they are live", "[hub]") {
    two_tabs tabs;
    fake_socket joining{tabs.a.who(), feed{}};
    tabs.node.join(joining);
    tabs.publish(to_control_message({tabs.a.who().session, errc::session_signed_out}));
    CHECK(tabs.a.ended == refusal{close_code::session_over, errc::session_signed_out});
    CHECK(joining.ended);
    CHECK(tabs.a.ended_by == 0);
    CHECK_FALSE(tabs.b.ended);
    tabs.node.leave(joining);
}

TEST_CASE("a loss of the link is told to every socket; those that hold their channel read again", "[hub]") {
    two_tabs tabs;
    fake_socket joining{tabs.a.who(), feed{}};
    tabs.node.join(joining);
    tabs.node.on_link_lost();
    CHECK(tabs.a.losses == 1);
    CHECK(joining.losses == 1);
    tabs.publish(letter_text(2));
    CHECK(tabs.a.written.empty());

    tabs.node.on_link_restored();
    CHECK(tabs.a.reads == 1);
    CHECK(tabs.b.reads == 1);
    CHECK(tabs.a.position().pending().from == 1);
    CHECK(joining.reads == 0);
    tabs.node.leave(joining);
}

TEST_CASE("what is neither letter nor control message is counted and dropped", "[hub]") {
    two_tabs tabs;
    for (const auto* text : {"", "x", "e", "e 2", "e 2 0 - - active", "c {", "c {\"control\":\"x\"}"})
        tabs.publish(text);
    CHECK(tabs.counts.unreadable.value() == 7);
    CHECK(tabs.a.written.empty());
    CHECK_FALSE(tabs.a.ended);
}
