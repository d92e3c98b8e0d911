// What notify-service reads of users' streams, from a real Redis.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/redis/link.hpp"
#include "notify-service/src/hub/redis_history.hpp"
#include "tests/contract/redis/test_shard.hpp"
#include "tests/support/redis_server.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using namespace stagedoor::tests;

namespace {

struct fixture {
    redis_server server;
    test_shard shard;
    const redis_schema keys{"stagedoor"};
    obs::metrics registry;
    push_metrics counts{registry};
    running<redis::link> data{shard, server.unix_url(), "test"};
    redis::fence_watch fence{*data, keys, [] {}};
    redis_history history{*data, fence, keys, counts};

    fixture() { REQUIRE(shard.reaches([this] { return data->connected(); })); }

    // Whose stream ends at `version`.
    user_id somebody(std::int64_t version) {
        const user_id who{make_uuid_v7()};
        for (std::int64_t each = 1; each <= version; ++each) {
            server("XADD", keys.events(who), std::to_string(each) + "-0", "e", "e 1 0 - - active {}");
        }
        return who;
    }
};

}  // namespace

TEST_CASE_METHOD(fixture, "of many streams one that is spoilt keeps nobody from hearing of the others") {
    const auto behind = somebody(3);
    const auto level = somebody(2);
    const user_id no_stream{make_uuid_v7()};
    const user_id strange_entry{make_uuid_v7()};
    server("SET", keys.events(no_stream), "x");
    server("XADD", keys.events(strange_entry), "7-3", "e", "x");
    std::vector<head_question> questions{{no_stream, 1}, {behind, 1}, {strange_entry, 1}, {level, 2}};
    const auto found = shard.await(history.next_after(std::move(questions)));
    REQUIRE(found.has_value());
    CHECK(*found == std::vector<std::optional<std::int64_t>>{{}, 2, {}, {}});
    CHECK(counts.unreadable.value() == 2);
}
