#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "common/redis/subscription_table.hpp"

using namespace stagedoor;
using namespace stagedoor::redis;

namespace {

const std::string subscribe_a = "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\na\r\n";
const std::string unsubscribe_a = "*2\r\n$11\r\nUNSUBSCRIBE\r\n$1\r\na\r\n";

std::string take_output(subscription_table& table) {
    std::string sent{table.output().unsent()};
    table.output().consume(sent.size());
    return sent;
}

subscription_table::waiter note(std::vector<std::string>& into, std::string name) {
    return [&into, name = std::move(name)](result<void> outcome) {
        into.push_back(name + (outcome ? ":confirmed" : ":" + std::string{problem_of(to_errc(outcome.error())).code}));
    };
}

}  // namespace

TEST_CASE("several holders of a channel cost one SUBSCRIBE and are all told of its confirmation") {
    subscription_table table;
    std::vector<std::string> told;
    table.connected("");
    CHECK_FALSE(table.hold("a"));
    table.await("a", note(told, "first"));
    CHECK_FALSE(table.hold("a"));
    table.await("a", note(told, "second"));
    CHECK(take_output(table) == subscribe_a);

    REQUIRE(table.confirmed(true, "a"));
    CHECK(told == std::vector<std::string>{"first:confirmed", "second:confirmed"});
    CHECK(table.hold("a"));
    CHECK(take_output(table).empty());
}

TEST_CASE("only the last holder's release unsubscribes, and the channel is then forgotten") {
    subscription_table table;
    table.connected("");
    table.hold("a");
    table.hold("a");
    REQUIRE(table.confirmed(true, "a"));
    take_output(table);
    table.release("a");
    CHECK(take_output(table).empty());
    table.release("a");
    CHECK(take_output(table) == unsubscribe_a);
    REQUIRE(table.confirmed(false, "a"));
    CHECK(table.size() == 0);
    table.release("a");  // of what nobody holds: nothing
    CHECK(take_output(table).empty());
}

TEST_CASE("the confirmation of an earlier SUBSCRIBE does not confirm a later one") {
    subscription_table table;
    std::vector<std::string> told;
    table.connected("");
    table.hold("a");
    table.release("a");
    table.hold("a");
    table.await("a", note(told, "second"));
    CHECK(take_output(table) == subscribe_a + unsubscribe_a + subscribe_a);

    REQUIRE(table.confirmed(true, "a"));
    CHECK(told.empty());
    CHECK_FALSE(table.is_confirmed("a"));
    REQUIRE(table.confirmed(false, "a"));
    CHECK(told.empty());
    REQUIRE(table.confirmed(true, "a"));
    CHECK(told == std::vector<std::string>{"second:confirmed"});
}

TEST_CASE("a confirmation that was not due is a protocol error") {
    subscription_table table;
    table.connected("");
    CHECK(table.confirmed(true, "a").error() == errc::redis_protocol);
    table.hold("a");
    CHECK(table.confirmed(false, "a").error() == errc::redis_protocol);
    REQUIRE(table.confirmed(true, "a"));
    CHECK(table.confirmed(true, "a").error() == errc::redis_protocol);
    CHECK(table.confirmed(false, "a").error() == errc::redis_protocol);  // someone has unsubscribed us
}

TEST_CASE("a loss fails those who wait, and a new connection restores what is held, the leader first") {
    subscription_table table;
    std::vector<std::string> told;
    table.hold("a");  // before any connection
    table.connected("a");
    CHECK(take_output(table) == subscribe_a);
    table.hold("b");
    table.await("b", note(told, "b"));
    table.hold("c");
    REQUIRE(table.confirmed(true, "a"));
    CHECK(table.is_restored());

    table.lost();
    CHECK(told == std::vector<std::string>{"b:redis_unavailable"});
    CHECK(table.output().empty());
    CHECK_FALSE(table.is_restored());
    CHECK(table.size() == 2);

    table.connected("a");
    const auto sent = take_output(table);
    CHECK(sent.starts_with(subscribe_a));
    CHECK(sent == subscribe_a + "*2\r\n$9\r\nSUBSCRIBE\r\n$1\r\nc\r\n");
    REQUIRE(table.confirmed(true, "a"));
    CHECK_FALSE(table.is_restored());
    REQUIRE(table.confirmed(true, "c"));
    CHECK(table.is_restored());
}

TEST_CASE("channels acquired or given up while others are restored do not hold that up") {
    subscription_table table;
    table.hold("a");
    table.hold("b");
    table.connected("");
    table.hold("new");
    REQUIRE(table.confirmed(true, "a"));
    CHECK_FALSE(table.is_restored());
    table.release("b");
    CHECK(table.is_restored());
}

TEST_CASE("what is released while there is no connection is not restored") {
    subscription_table table;
    table.hold("a");
    table.connected("");
    REQUIRE(table.confirmed(true, "a"));
    table.lost();
    table.release("a");
    CHECK(table.size() == 0);
    table.connected("");
    CHECK(table.is_restored());
}

TEST_CASE("a waiter may change the table from within its confirmation") {
    subscription_table table;
    std::vector<std::string> told;
    table.connected("");
    table.hold("a");
    table.await("a", [&](result<void>) {
        table.release("a");
        for (int i = 0; i < 100; ++i) table.hold("other" + std::to_string(i));  // rehashes
    });
    table.hold("a");
    table.await("a", note(told, "second"));
    REQUIRE(table.confirmed(true, "a"));
    CHECK(told == std::vector<std::string>{"second:confirmed"});
    CHECK(table.size() == 101);
}
