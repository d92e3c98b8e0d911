// One session, its user and the clock, in the hands of a test of the policy.
#pragma once

#include "tests/support/catch.hpp"

#include "common/core/secrets.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::session {

using namespace std::chrono_literals;

inline key_ring make_keys() {
    init_crypto();
    std::string complaint;
    return *key_ring::parse(key_ring::make_file_text(), complaint);
}

struct policy_fixture {
    key_ring keys = make_keys();
    session_ref who{user_id{make_uuid_v7()}, session_id{make_uuid_v4()}};
    timeouts limits{};
    instant t0 = from_unix_ms(1'800'000'000'000);
    user_facts facts = [this] {
        user_facts f;
        f.id = who.user;
        f.status = user_status::pending;
        f.version = 1;
        f.epoch = 1;
        return f;
    }();
    session_record record = first_record(keys, who, facts, t0, limits);

    instant since{};

    result<standing> judged(std::uint32_t generation, instant now) const {
        return judge(record, who, generation, facts, {now, since}, limits);
    }
    // A check with the token of `generation`, as a request makes it.
    void use(std::uint32_t generation, instant now) {
        const auto where = judged(generation, now);
        REQUIRE(where);
        if (auto next = after_use(record, *where, {now, since}, limits)) record = *next;
    }
    refresh_outcome refreshed(std::uint32_t generation, instant now, std::optional<std::int64_t> ack = {}) {
        use(generation, now);
        const auto where = judged(generation, now);
        auto outcome = refresh(keys, who, record, *where, facts, ack, {now, since});
        record = outcome.record;
        return outcome;
    }
    void become(user_status status) {
        facts.status = status;
        facts.version += 1;
    }
    void approve() { become(user_status::active); }
};

}  // namespace stagedoor::session
