// Messages that Redis or a network has lost are found by comparing with the stream (N4).
#include <catch2/catch.hpp>

#include "notify-service/src/hub/head_watch.hpp"
#include "tests/unit/notify/push_stage.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::notify::test;
using namespace std::chrono_literals;

namespace {

using words = std::vector<std::string>;
constexpr std::chrono::milliseconds interval = 1s;

struct watched_stage : push_stage {
    head_watch heads{sockets, source, tasks, counts};
    steady_time time = std::chrono::steady_clock::now();

    watched_stage() {
        open();
        REQUIRE(hear().types() == words{"welcome"});
    }
    // As the shard's sweep does it, four times a second.
    void pass(std::chrono::milliseconds duration) {
        for (const auto end = time + duration; time < end;) {
            time += 250ms;
            heads.tick(time, interval);
            run();
        }
    }
};

struct second_tab {
    browser tab;

    explicit second_tab(push_stage& s) : tab{s.context} {
        s.request().release_takeover()->take(tab.connect(), {});
        s.run();
        REQUIRE(tab.take().types() == words{"welcome"});
    }
};

}  // namespace

TEST_CASE("an event whose message was lost is written within an interval and a grace", "[head_watch]") {
    watched_stage s;
    s.change("approved", false);
    s.pass(interval + limits::redis_reply_time + 500ms);
    CHECK(s.hear().types() == words{"approved"});
    CHECK(s.counts.silent_losses.value() == 1);
    CHECK(s.counts.holes.value() == 0);
}

TEST_CASE("a message that is only late is waited for", "[head_watch]") {
    watched_stage s;
    s.change("approved", false);
    while (s.source.looks == 0) s.pass(250ms);
    s.publish(s.source.stream.back().second);
    const auto reads = s.source.reads;
    s.pass(3 * interval);
    CHECK(s.hear().types() == words{"approved"});
    CHECK(s.counts.silent_losses.value() == 0);
    CHECK(s.source.reads == reads);
}

TEST_CASE("a user is asked about once in an interval, however many sockets listen", "[head_watch]") {
    watched_stage s;
    second_tab other{s};
    s.pass(10 * interval);
    CHECK(s.source.looks >= 9);
    CHECK(s.source.looks <= 11);
}

TEST_CASE("of several sockets those read that are behind", "[head_watch]") {
    watched_stage s;
    s.change("updated", false);
    second_tab welcomed_behind_the_change{s};
    s.pass(interval + limits::redis_reply_time + 500ms);
    CHECK(s.counts.silent_losses.value() == 1);
    CHECK(s.counts.replayed.value() == 1);
}

TEST_CASE("while Redis is away nothing is concluded", "[head_watch]") {
    watched_stage s;
    s.change("approved", false);
    s.source.away = true;
    s.pass(2 * interval);
    CHECK(s.counts.silent_losses.value() == 0);
    s.source.away = false;
    s.pass(2 * interval);
    CHECK(s.hear().types() == words{"approved"});
}

TEST_CASE("the turns of many users are spread over the interval", "[head_watch]") {
    obs::metrics registry;
    push_metrics counts{registry};
    hub many{counts};
    struct listener final : member {
        using member::member;
        listener(const session::session_ref& who) : member{who, feed{}} {
            position_.on_confirmed();
            position_.on_read(position_.pending().ticket, std::vector<std::int64_t>{1}, false);
        }
        void start_read() override {}
        bool write(outgoing_event&) override { return true; }
        void on_link_lost() override {}
        void end(const refusal&, std::int64_t) override {}
    };
    constexpr std::size_t users = 2'000;
    std::vector<std::unique_ptr<listener>> all;
    for (std::size_t i = 0; i < users; ++i) {
        all.push_back(std::make_unique<listener>(
            session::session_ref{user_id{make_uuid_v4()}, session_id{make_uuid_v4()}}));
        many.join(*all.back());
    }
    auto time = steady_time{} + 1h;
    std::size_t asked = 0;
    for (int i = 0; i < 10; ++i) {
        const auto due = many.take_due(time, interval, users).size();
        CHECK(due < users / 4);
        asked += i == 0 ? 0 : due;
        time += interval / 10;
    }
    asked += many.take_due(time, interval, users).size();
    CHECK(asked == users);
    for (auto& each : all) many.leave(*each);
}
