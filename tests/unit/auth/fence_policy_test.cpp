// What a fence is worth, and how a replay goes on: R6, R7.
#include "auth-service/src/approval/fence_policy.hpp"

#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::approval;

namespace {

const fence whole{"run1", "life", 3, from_unix_ms(5), fence_step::fed, "", 7, "u.2"};
const outbox_standing known{"u.2", 9, {"run1", 3}};

data_state judged(const fence& what, const outbox_standing& db = known, std::string run_id = "run1") {
    return judge({std::move(run_id), format_fence(what), what}, db);
}

}  // namespace

TEST_CASE("a fence is whole only for the process, the feed and the history that it names") {
    CHECK(judged(whole) == data_state::whole);
    CHECK(judge({"run1", "", std::nullopt}, known) == data_state::broken);
    CHECK(judged(whole, known, "run2") == data_state::broken);
    CHECK(judged(whole, {"u.2", 9, {"run9", 4}}) == data_state::fed_elsewhere);
    CHECK(judged(whole, {std::nullopt, 9, {"run1", 3}}) == data_state::whole);  // the row was purged
}

TEST_CASE("a cursor, an event or a feed that the database does not know means that the database went back") {
    CHECK(judged(whole, {std::nullopt, 6, {"run1", 3}}) == data_state::database_went_back);
    CHECK(judged(whole, {"v.1", 9, {"run1", 3}}) == data_state::database_went_back);
    CHECK(judged(whole, {"u.2", 9, {"run0", 2}}) == data_state::database_went_back);
    CHECK(judged(whole, {"v.1", 9, {"run1", 3}}, "run2") == data_state::database_went_back);
}

TEST_CASE("a fence from before the restore of the database tells nothing once after-restore has said so") {
    const outbox_standing lifted{std::nullopt, 1'000'009, {"", 1'000'003}};
    auto later = whole;
    later.cursor = 2'000'000;
    for (const auto& old : {whole, later}) {
        CHECK(judged(old, lifted) == data_state::broken);
        const auto first = open_replay({"run1", format_fence(old), old}, lifted, false, "new", from_unix_ms(99));
        CHECK(first == fence{"run1", "new", 1'000'004, from_unix_ms(99), fence_step::forget, "", 0, ""});
        CHECK(judged(first, lifted) == data_state::replaying);
    }
    // A database that has fed nobody yet says nothing of the kind.
    CHECK(judged(whole, {std::nullopt, 0, {"", 0}}) == data_state::database_went_back);
}

TEST_CASE("a replay is gone on with while nobody has switched to another Redis since") {
    auto replaying = whole;
    replaying.step = fence_step::send;
    CHECK(judged(replaying) == data_state::replaying);
    CHECK(judged(replaying, {"u.2", 9, {"run0", 2}}) == data_state::replaying);  // not claimed yet
    CHECK(judged(replaying, {"u.2", 9, {"run9", 4}}) == data_state::broken);
    CHECK(judged(replaying, known, "run2") == data_state::broken);
}

TEST_CASE("a replay begins at the cursor of what came back, under the next count, and forgets records only if it has to") {
    const auto now = from_unix_ms(99);
    const fence_sight older{"run2", format_fence(whole), whole};
    auto first = open_replay(older, known, false, "new", now);
    CHECK(first == fence{"run2", "new", 4, now, fence_step::bury, "", 7, "u.2"});
    CHECK(open_replay(older, known, true, "new", now).step == fence_step::forget);
    CHECK(open_replay({"run2", "", std::nullopt}, known, false, "new", now) ==
          fence{"run2", "new", 4, now, fence_step::bury, "", 0, ""});

    auto half = whole;
    half.step = fence_step::forget;
    CHECK(open_replay({"run2", format_fence(half), half}, known, false, "new", now).step == fence_step::forget);
}

TEST_CASE("the steps of a replay follow each other, each from its beginning") {
    auto at = whole;
    at.step = fence_step::forget;
    at.walked = "12";
    for (const auto step : {fence_step::bury, fence_step::send, fence_step::fed}) {
        at = next_step(at);
        CHECK(at.step == step);
        CHECK(at.walked.empty());
        CHECK(at.cursor == 7);
        at.walked = "x";
    }
}

TEST_CASE("a cursor moves on to what is in Redis, and never back") {
    const auto further = moved_on(whole, {9, "v.1"});
    CHECK(further.cursor == 9);
    CHECK(further.event == "v.1");
    CHECK(moved_on(whole, {7, "x.9"}) == whole);
    CHECK(moved_on(whole, {}) == whole);
}

TEST_CASE("what was relayed to a life is marked only while Redis says that it is that life") {
    const auto sight = [](const fence& what, std::string run_id = "run1") {
        return fence_sight{std::move(run_id), format_fence(what), what};
    };
    CHECK(may_mark(sight(moved_on(whole, {9, "v.1"})), whole));
    CHECK_FALSE(may_mark({"run1", "", std::nullopt}, whole));
    CHECK_FALSE(may_mark(sight(whole, "run2"), whole));
    auto other = whole;
    other.life = "another";
    CHECK_FALSE(may_mark(sight(other), whole));
    auto replayed = whole;
    replayed.step = fence_step::send;
    CHECK_FALSE(may_mark(sight(replayed), whole));
}
