// What Redis answers to a read of a session, its user and the user's past.
#include <catch2/catch.hpp>
#include <string>

#include "common/core/limits.hpp"
#include "notify-service/src/hub/redis_history.hpp"

using namespace stagedoor;
using namespace stagedoor::notify;
using redis::value;

namespace {

value text(std::string words) { return value{std::move(words)}; }
value list(value::array items) { return value{std::move(items)}; }
value entry(std::string id, std::string letter) {
    return list({text(std::move(id)), list({text("e"), text(std::move(letter))})});
}

}  // namespace

TEST_CASE("entries come with their versions, record and snapshot as they are", "[readout]") {
    const auto out = parse_readout(list({entry("7-0", "e 7"), entry("8-0", "e 8")}), list({text("r1"), value{}}));
    REQUIRE(out.has_value());
    CHECK(out->versions == std::vector<std::int64_t>{7, 8});
    CHECK(out->letters == std::vector<std::string>{"e 7", "e 8"});
    CHECK_FALSE(out->full);
    CHECK(out->stored().record == "r1");
    CHECK_FALSE(out->stored().snapshot);
}

TEST_CASE("a stream that is not there is an empty read", "[readout]") {
    const auto out = parse_readout(list({}), list({value{}, value{}}));
    REQUIRE(out.has_value());
    CHECK(out->versions.empty());
    CHECK_FALSE(out->full);
}

TEST_CASE("a read of more entries than a stream should hold may have been cut short", "[readout]") {
    value::array entries;
    for (std::size_t i = 1; i <= limits::stream_entries + 1; ++i)
        entries.push_back(entry(std::to_string(i) + "-0", "e"));
    const auto out = parse_readout(list(std::move(entries)), list({value{}, value{}}));
    REQUIRE(out.has_value());
    CHECK(out->full);
}

TEST_CASE("what is not a reply to the read is a protocol error", "[readout]") {
    const auto nothing = list({value{}, value{}});
    CHECK(parse_readout(text("x"), nothing).error() == errc::redis_protocol);
    CHECK(parse_readout(list({text("x")}), nothing).error() == errc::redis_protocol);
    CHECK(parse_readout(list({entry("7-1", "e")}), nothing).error() == errc::redis_protocol);
    CHECK(parse_readout(list({entry("x", "e")}), nothing).error() == errc::redis_protocol);
    CHECK(parse_readout(list({list({text("7-0"), list({})})}), nothing).error() == errc::redis_protocol);
    CHECK(parse_readout(list({}), list({value{}})).error() == errc::redis_protocol);
    CHECK(parse_readout(list({}), list({value{}, list({})})).error() == errc::redis_protocol);
}

TEST_CASE("the admins' stream is read as letters of one life", "[readout]") {
    const auto out = parse_admin_readout(list({entry("7-0", "a life 7 {}"), entry("8-0", "a life 8 {}")}));
    REQUIRE(out.has_value());
    CHECK(out->incarnation == "life");
    CHECK(out->numbers == std::vector<std::int64_t>{7, 8});
    CHECK_FALSE(out->full);
    CHECK(parse_admin_readout(list({}))->incarnation.empty());

    CHECK(parse_admin_readout(list({entry("7-0", "a life 8 {}")})).error() == errc::redis_protocol);
    CHECK(parse_admin_readout(list({entry("7-0", "a life 7 {}"), entry("8-0", "a other 8 {}")})).error() ==
          errc::redis_protocol);
    CHECK(parse_admin_readout(list({entry("7-0", "e 7 0 - - active {}")})).error() == errc::redis_protocol);
    CHECK(parse_admin_readout(text("x")).error() == errc::redis_protocol);
}
