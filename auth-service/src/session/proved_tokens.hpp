// Tokens whose proofs were found genuine lately, so that a browser's next request needs no HMAC (K1): 7,700 instructions.
// Good for as long as the keys are, which are read once, at start. That a token is genuine says nothing about whether
// its session lives. Pure; one per shard, with room for a bounded number: a newcomer takes the place of whom it meets.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include "common/session/session_token.hpp"

namespace stagedoor::session {

class proved_tokens {
public:
    // 64 bytes each.
    static constexpr std::size_t places = 4096;

    // In constant time, as far as the proof is concerned.
    bool contains(const parsed_token& token) const noexcept {
        const auto& there = tokens_[place_of(token)];
        return there.taken && are_same(there.token, token);
    }

    // `token` is genuine.
    void add(const parsed_token& token) noexcept { tokens_[place_of(token)] = {token, true}; }

private:
    struct place {
        parsed_token token;
        bool taken = false;
    };

    // Session ids are random from the first byte on.
    static std::size_t place_of(const parsed_token& token) noexcept {
        const auto& id = token.claims.session.bytes;
        return (std::size_t{id[0]} << 8 | id[1]) % places;
    }

    std::vector<place> tokens_ = std::vector<place>(places);
};

}  // namespace stagedoor::session
