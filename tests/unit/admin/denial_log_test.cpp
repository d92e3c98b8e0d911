#include "auth-service/src/admin/denial_log.hpp"

#include "common/core/limits.hpp"
#include "tests/support/catch.hpp"

using namespace stagedoor;
using namespace stagedoor::admin;

namespace {

constexpr denial_log::time_point start{};

denial refusal(errc why = errc::forbidden, std::optional<user_id> who = {}) {
    denial what;
    what.who = who;
    what.why = why;
    what.method = "GET";
    what.route = "/api/admin/audit";
    what.address = "192.0.2.7";
    what.at = from_unix_ms(1'000);
    return what;
}

std::int64_t total(const std::vector<denial_sum>& sums) {
    std::int64_t all = 0;
    for (const auto& each : sums) all += each.count;
    return all;
}

}  // namespace

TEST_CASE("the first refusal of a kind is written at once, the others as a sum when the window is over") {
    denial_log log;
    log.note(refusal(), start);
    const auto first = log.take(start);
    REQUIRE(first.size() == 1);
    CHECK(first[0].count == 1);
    for (int i = 0; i < 1'000; ++i) log.note(refusal(), start + std::chrono::seconds{1});
    CHECK(log.take(start + limits::denial_window - std::chrono::seconds{1}).empty());
    const auto rest = log.take(start + limits::denial_window);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].count == 1'000);
    CHECK(rest[0].last.address == "192.0.2.7");
    CHECK(log.take(start + limits::denial_window * 2).empty());
    log.note(refusal(), start + limits::denial_window * 3);
    CHECK(log.take(start + limits::denial_window * 3).size() == 1);
}

TEST_CASE("who, why, and what was asked for make kinds; from where does not") {
    denial_log log;
    const user_id ada{make_uuid_v7()}, bert{make_uuid_v7()};
    auto elsewhere = refusal(errc::forbidden, ada);
    elsewhere.address = "198.51.100.1";
    auto by_token = refusal(errc::forbidden, ada);
    by_token.token = make_uuid_v7();
    for (const auto& each : {refusal(), refusal(errc::no_session), refusal(errc::forbidden, ada), elsewhere,
                             refusal(errc::forbidden, bert), by_token}) {
        log.note(each, start);
    }
    CHECK(log.take(start).size() == 5);
}

TEST_CASE("a flood of kinds is a bounded number of rows, and no refusal is lost in them") {
    denial_log log;
    std::size_t rows = 0;
    std::int64_t counted = 0;
    const int flood = 100'000;
    for (int i = 0; i < flood; ++i) {
        const auto now = start + std::chrono::milliseconds{i * 10};
        log.note(refusal(errc::forbidden, user_id{make_uuid_v7()}), now);
        const auto due = log.take(now);
        rows += due.size();
        counted += total(due);
    }
    CHECK(rows == limits::denial_kinds + 1);
    const auto last = log.take_all();
    CHECK(last.size() == 1);
    CHECK(last[0].rest);
    CHECK_FALSE(last[0].last.who);
    CHECK(counted + total(last) == flood);
    CHECK(log.take_all().empty());
}
