// The feed's cases one by one. That they hold in every order of events is feed_model_test's.
#include <catch2/catch.hpp>
#include <vector>

#include "notify-service/src/hub/feed.hpp"

using namespace stagedoor::notify;

namespace {

using versions = std::vector<std::int64_t>;

// A feed that went live at version 5.
feed live_at_5() {
    feed f{5};
    f.on_confirmed();
    f.on_read(f.pending().ticket, versions{5}, false);
    return f;
}

}  // namespace

TEST_CASE("a feed without a cursor begins at the stream's last entry", "[feed]") {
    feed f;
    CHECK(f.state() == feed_state::born);
    f.on_confirmed();
    REQUIRE(f.state() == feed_state::reading);
    CHECK_FALSE(f.pending().from);

    const auto plan = f.on_read(f.pending().ticket, versions{7}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{replay::greeting{false, 7}, 0, 0, false});
    CHECK(f.state() == feed_state::live);
    CHECK(f.sent() == 7);
}

TEST_CASE("a feed resumes after its cursor: welcome first, then what was missed", "[feed]") {
    feed f{5};
    f.on_confirmed();
    CHECK(f.pending().from == 5);
    const auto plan = f.on_read(f.pending().ticket, versions{5, 6, 7}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{replay::greeting{true, 5}, 1, 3, false});
    CHECK(f.sent() == 7);
    CHECK(f.state() == feed_state::live);
}

TEST_CASE("a feed resumes when its own entry is trimmed but nothing after it", "[feed]") {
    feed f{5};
    f.on_confirmed();
    const auto plan = f.on_read(f.pending().ticket, versions{6, 7}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{replay::greeting{true, 5}, 0, 2, false});
}

TEST_CASE("a feed whose position is lost gets a fresh welcome at the last entry", "[feed]") {
    // Trimmed past, a hole, beyond the end (or an empty stream).
    const auto found = GENERATE(versions{7, 8}, versions{5, 6, 8}, versions{});
    feed f{5};
    f.on_confirmed();
    const auto lost = f.on_read(f.pending().ticket, found, false);
    REQUIRE(lost);
    CHECK(*lost == replay{std::nullopt, 0, 0, true});
    CHECK_FALSE(f.pending().from);

    const auto head = found.empty() ? versions{} : versions{found.back()};
    const auto plan = f.on_read(f.pending().ticket, head, false);
    REQUIRE(plan);
    CHECK(plan->welcome == replay::greeting{false, found.empty() ? 0 : found.back()});
    CHECK_FALSE(plan->read_again);
    CHECK(f.state() == feed_state::live);
}

TEST_CASE("a history that has not begun is no lost position", "[feed]") {
    feed f{0};
    f.on_confirmed();
    const auto plan = f.on_read(f.pending().ticket, versions{}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{replay::greeting{true, 0}, 0, 0, false});
    CHECK(f.on_letter(1) == letter_action::write);
}

TEST_CASE("a live feed writes the next letter, ignores old ones and reads at a hole", "[feed]") {
    auto f = live_at_5();
    CHECK(f.on_letter(5) == letter_action::ignore);
    CHECK(f.on_letter(6) == letter_action::write);
    CHECK(f.on_letter(6) == letter_action::ignore);
    CHECK(f.on_letter(8) == letter_action::read);
    CHECK(f.pending().from == 6);

    const auto plan = f.on_read(f.pending().ticket, versions{6, 7, 8}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{std::nullopt, 1, 3, false});
    CHECK(f.sent() == 8);
}

TEST_CASE("a letter heard while a read is under way causes another read", "[feed]") {
    feed f{5};
    f.on_confirmed();
    CHECK(f.on_letter(7) == letter_action::ignore);
    const auto first = f.on_read(f.pending().ticket, versions{5, 6}, false);
    REQUIRE(first);
    CHECK(*first == replay{replay::greeting{true, 5}, 1, 2, true});
    const auto second = f.on_read(f.pending().ticket, versions{6, 7}, false);
    REQUIRE(second);
    CHECK(*second == replay{std::nullopt, 1, 2, false});
}

TEST_CASE("a read that its limit cut short is followed by the next one", "[feed]") {
    feed f{5};
    f.on_confirmed();
    const auto plan = f.on_read(f.pending().ticket, versions{5, 6}, true);
    REQUIRE(plan);
    CHECK(plan->read_again);
    CHECK(f.pending().from == 6);
}

TEST_CASE("a letter that the stream no longer has is not waited for in a loop", "[feed]") {
    auto f = live_at_5();
    REQUIRE(f.on_letter(9) == letter_action::read);
    const auto plan = f.on_read(f.pending().ticket, versions{5}, false);
    REQUIRE(plan);
    CHECK_FALSE(plan->read_again);
    CHECK(f.state() == feed_state::live);
}

TEST_CASE("after a loss of the link a feed is born again at its position, and welcomed again", "[feed]") {
    auto f = live_at_5();
    f.on_link_lost();
    CHECK(f.state() == feed_state::born);
    CHECK(f.on_letter(6) == letter_action::ignore);
    f.on_confirmed();
    const auto plan = f.on_read(f.pending().ticket, versions{5, 6}, false);
    REQUIRE(plan);
    CHECK(*plan == replay{replay::greeting{true, 5}, 1, 2, false});
}

TEST_CASE("the answer to a read from before the loss of the link is dropped", "[feed]") {
    feed f{5};
    f.on_confirmed();
    const auto old = f.pending().ticket;
    f.on_link_lost();
    CHECK_FALSE(f.on_read(old, versions{5}, false));
    f.on_confirmed();
    CHECK_FALSE(f.on_read(old, versions{5}, false));
    CHECK(f.state() == feed_state::reading);
}

TEST_CASE("a recheck reads from where the feed stands, unless a read is coming anyway", "[feed]") {
    auto f = live_at_5();
    CHECK(f.recheck());
    CHECK(f.pending().from == 5);
    CHECK_FALSE(f.recheck());
    f.on_read(f.pending().ticket, versions{5}, false);
    CHECK(f.state() == feed_state::live);
    f.on_link_lost();
    CHECK_FALSE(f.recheck());
}
