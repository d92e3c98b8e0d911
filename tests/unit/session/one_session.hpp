// One user with keys, for worlds that run the policy's own code.
#pragma once

#include "common/core/secrets.hpp"
#include "common/session/session_policy.hpp"

namespace stagedoor::model {

inline const session::key_ring& some_keys() {
    static const auto ring = [] {
        init_crypto();
        std::string complaint;
        return *session::key_ring::parse(session::key_ring::make_file_text(), complaint);
    }();
    return ring;
}

inline const session::session_ref& somebody() {
    static const session::session_ref someone{user_id{make_uuid_v7()}, session_id{make_uuid_v4()}};
    return someone;
}

inline const user_facts& first_facts() {
    static const auto known = [] {
        user_facts facts;
        facts.id = somebody().user;
        facts.status = user_status::active;
        facts.version = 1;
        facts.epoch = 1;
        return facts;
    }();
    return known;
}

inline const instant some_day = from_unix_ms(1'800'000'000'000);

}  // namespace stagedoor::model
