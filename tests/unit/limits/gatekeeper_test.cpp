// The policy: what is asked of whom. Counting itself is gcra_test's and local_limiter_test's.
#include "auth-service/src/limits/gatekeeper.hpp"

#include "auth-service/src/limits/local_limiter.hpp"
#include "common/runtime/client_network.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/run_task.hpp"

using namespace stagedoor;
using namespace stagedoor::rate_limit;
using namespace std::chrono_literals;
using boost::asio::ip::make_address;

namespace {

const std::string ada = "ada@example.com";
const rates usual{{100, 1min}, {50, 1min}, {3, 15min}, {20, 15min}, {5, 15min}, {2, 1h}, {10, 1min}};

// The local counts behind the port, with a clock set by hand.
class counts final : public rate_limiter {
public:
    runtime::task<std::vector<decision>> decide(std::vector<question> questions) override {
        std::vector<decision> decided;
        for (const auto& asked : questions) decided.push_back(local_.decide(asked, at));
        co_return decided;
    }
    instant now() const override { return from_unix_ms(1'800'000'000'000); }

    local_limiter::time_point at{};

private:
    local_limiter local_;
};

session::key_ring one_key() {
    std::string complaint;
    return *session::key_ring::parse(session::key_ring::make_file_text(), complaint);
}

struct door {
    explicit door(rates limits = usual) : rules{limits} {}

    rates rules;
    session::key_ring keys = one_key();
    device_cookie devices{keys, false, 8080};
    counts counted;
    limit_counters counters;
    gatekeeper gate{keys, devices, rules, counted, counters};

    admission admit(const applicant& who) {
        return tests::run_task([&](runtime::executor) { return gate.admit_sign_in(who); });
    }
    // With a wrong password.
    admission fail(const applicant& who) { return admit(who); }
    admission forgive(admission admitted) {
        return tests::run_task([&](runtime::executor) { return gate.forgive(std::move(admitted)); });
    }
    // With the right one.
    std::string refusal(const applicant& who) {
        const auto admitted = admit(who);
        const auto* const why = admitted.refused();
        if (!why) forgive(admitted);
        return why ? std::string{row_of(why->what).name} : "none";
    }
    applicant known(const std::string& address, const std::string& email = ada) {
        const auto set = gate.remember({make_address(address), email, {}});
        return {make_address(address), email, set.substr(0, set.find(';'))};
    }
    admission enlist(const std::string& address) {
        const auto from = make_address(address);
        return tests::run_task([&](runtime::executor) { return gate.admit_registration(from); });
    }
};

applicant from(const std::string& address, std::string email = ada, std::string cookies = {}) {
    return {make_address(address), std::move(email), std::move(cookies)};
}

}  // namespace

TEST_CASE("failures from many networks count against one account") {
    door stage;
    for (int i = 0; i < 3; ++i) stage.fail(from("192.0.2." + std::to_string(i)));
    CHECK(stage.refusal(from("198.51.100.1")) == "account");
    CHECK(stage.refusal(from("198.51.100.1", "bob@example.com")) == "none");
    stage.counted.at += 5min;
    CHECK(stage.refusal(from("198.51.100.1")) == "none");
}

TEST_CASE("right passwords use up attempts, and nothing that counts failures") {
    door stage;
    for (int i = 0; i < 100; ++i) CHECK(stage.refusal(from("192.0.2.1")) == "none");
    CHECK(stage.refusal(from("192.0.2.1")) == "sign_in");
    CHECK(stage.refusal(from("192.0.2.2")) == "none");
}

TEST_CASE("of a volley no more are let in at once than there is room for, and nobody waits longer for it") {
    door stage;
    std::vector<admission> under_way;
    for (int i = 0; i < 500; ++i) {
        auto admitted = stage.admit(from("192.0.2." + std::to_string(i % 250)));
        if (!admitted.refused()) under_way.push_back(std::move(admitted));
    }
    CHECK(under_way.size() == 3);
    stage.counted.at += 5min;
    CHECK(stage.refusal(from("198.51.100.1")) == "none");
    CHECK(fields_of(stage.forgive(std::move(under_way[0]))).limit.find(R"("account";r=2;t=300)") != std::string::npos);
}

TEST_CASE("what one limit refuses uses nothing of the others") {
    door stage;
    const auto owner = stage.known("192.0.2.1");
    for (int i = 0; i < 20; ++i) CHECK(stage.refusal(owner) == "none");
    for (int i = 0; i < 1'000; ++i) CHECK(stage.refusal(owner) == "device_sign_in");
    CHECK(stage.refusal(stage.known("192.0.2.1")) == "none");
    for (int i = 0; i < 3; ++i) stage.fail(from("192.0.2.1"));
    for (int i = 0; i < 1'000; ++i) CHECK(stage.refusal(from("192.0.2.1")) == "account");
    CHECK(stage.refusal(from("192.0.2.1", "bob@example.com")) == "none");
}

TEST_CASE("devices that have signed in before take no more of the hashing pool than a network may, each or together") {
    door stage;
    for (int device = 0; device < 5; ++device) {
        const auto mallory = stage.known("192.0.2.1", "mallory@example.com");
        for (int i = 0; i < 20; ++i) CHECK(stage.refusal(mallory) == "none");
        CHECK(stage.refusal(mallory) != "none");
    }
    CHECK(stage.refusal(stage.known("192.0.2.1")) == "sign_in");
    CHECK(stage.refusal(stage.known("192.0.2.2")) == "none");
    // They are counted by themselves: strangers beside them are not kept out, nor do strangers keep them out.
    for (int i = 0; i < 100; ++i) CHECK(stage.refusal(from("192.0.2.1")) == "none");
    for (int i = 0; i < 101; ++i) stage.refusal(from("192.0.2.3"));
    CHECK(stage.refusal(stage.known("192.0.2.3")) == "none");
}

TEST_CASE("a session changes its password as often as a device signs in, and fails at it as often") {
    door stage;
    const auto change = [&](const session_id& asking, bool right) {
        const auto client = make_address("192.0.2.1");
        auto admitted = tests::run_task([&](runtime::executor) { return stage.gate.admit_password_change(asking, client); });
        const auto* const why = admitted.refused();
        const auto refusal = why ? std::string{row_of(why->what).name} : "none";
        if (!why && right) stage.forgive(std::move(admitted));
        return refusal;
    };
    const session_id busy{make_uuid_v7()};
    for (int i = 0; i < 20; ++i) CHECK(change(busy, true) == "none");
    CHECK(change(busy, true) == "device_sign_in");
    const session_id stolen{make_uuid_v7()};
    for (int i = 0; i < 5; ++i) CHECK(change(stolen, false) == "none");
    CHECK(change(stolen, true) == "device");
    CHECK(change(session_id{make_uuid_v7()}, true) == "none");
}

TEST_CASE("a device that has signed in before is not kept out by failures elsewhere") {
    door stage;
    const auto owner = stage.known("192.0.2.1");
    for (int i = 0; i < 100; ++i) stage.fail(from("203.0.113." + std::to_string(i)));
    CHECK(stage.refusal(from("192.0.2.1")) == "account");
    CHECK(stage.refusal(owner) == "none");
    // Nor by others in its own network.
    for (int i = 0; i < 60; ++i) stage.fail(from("192.0.2.1", "nobody" + std::to_string(i) + "@example.com"));
    CHECK(stage.refusal(from("192.0.2.1", "bob@example.com")) == "network");
    CHECK(stage.refusal(owner) == "none");
}

TEST_CASE("a device has a limit of its own, for each account") {
    door stage;
    auto known = from("192.0.2.1", ada, "");
    for (const auto* const email : {"bob@example.com", "ada@example.com"}) {
        const auto set = stage.gate.remember(from("192.0.2.1", email, known.cookies));
        known.cookies = set.substr(0, set.find(';'));
    }
    for (int i = 0; i < 5; ++i) CHECK_FALSE(stage.fail(known).refused());
    CHECK(stage.refusal(known) == "device");
    CHECK(stage.refusal(from("192.0.2.1", "bob@example.com", known.cookies)) == "none");
    CHECK(stage.refusal(from("192.0.2.1")) == "none");  // its failures do not count against the account
}

TEST_CASE("an account that knows the device does not vouch for another") {
    door stage;
    const auto set = stage.gate.remember(from("192.0.2.1", "mallory@example.com"));
    const auto mallory = set.substr(0, set.find(';'));
    for (int i = 0; i < 3; ++i) stage.fail(from("192.0.2.1", ada, mallory));
    CHECK(stage.refusal(from("192.0.2.1", ada, mallory)) == "account");
}

TEST_CASE("many accounts from one network are a network's failures, of IPv6 by /64") {
    door stage;
    for (int i = 0; i < 50; ++i) {
        const auto n = std::to_string(i);
        stage.fail(from("2001:db8:1:2::" + n, "person" + n + "@example.com"));
    }
    CHECK(stage.refusal(from("2001:db8:1:2:ffff::1", "other@example.com")) == "network");
    CHECK(stage.refusal(from("2001:db8:1:3::1", "other@example.com")) == "none");
}

TEST_CASE("registrations of a network are limited, and failures at signing in do not count among them") {
    door stage;
    CHECK_FALSE(stage.enlist("192.0.2.1").refused());
    CHECK_FALSE(stage.enlist("192.0.2.1").refused());
    CHECK(stage.enlist("192.0.2.1").refused());
    CHECK(stage.refusal(from("192.0.2.1")) == "none");
    CHECK_FALSE(stage.enlist("192.0.2.2").refused());
    CHECK(stage.counters.refused[static_cast<std::size_t>(kind::registration)] == 1);
}

TEST_CASE("a limit that is off is not asked, and not told") {
    door stage{rates{}};
    const auto admitted = stage.fail(from("192.0.2.1"));
    CHECK(admitted.standings.empty());
    CHECK(fields_of(admitted).policy.empty());
}

TEST_CASE("subjects are hashes under the key, and differ by kind") {
    door stage;
    const auto admitted = stage.admit(from("192.0.2.1"));
    REQUIRE(admitted.standings.size() == 3);
    CHECK(admitted.standings[0].subject != admitted.standings[1].subject);
    for (const auto& each : admitted.standings) CHECK(each.subject.size() == 22);
    CHECK(door{}.admit(from("192.0.2.1")).standings[2].subject != admitted.standings[2].subject);
}

TEST_CASE("the RateLimit fields tell every rule and where one stands") {
    door stage;
    const auto failed = stage.fail(from("192.0.2.1"));
    CHECK(fields_of(failed).policy == R"("sign_in";q=100;w=60, "network";q=50;w=60, "account";q=3;w=900)");
    CHECK(fields_of(failed).limit == R"("sign_in";r=99;t=1, "network";r=49;t=2, "account";r=2;t=300)");
}

TEST_CASE("an IPv4 address is a network, and of IPv6 a /64") {
    const auto network = [](const char* text) { return runtime::network_of(make_address(text)); };
    CHECK(network("192.0.2.1") == "192.0.2.1");
    CHECK(network("::ffff:192.0.2.1") == "192.0.2.1");
    CHECK(network("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::/64");
    CHECK(network("2001:db8:1:2::") == network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
    CHECK(network("2001:db8:1:2::") != network("2001:db8:1:3::"));
    CHECK(network("fe80::1%1") == network("fe80::1"));
}
