// Port: where receipts are kept, beside the users' streams.
#pragma once

#include <cstdint>
#include <span>

#include "common/core/errc.hpp"
#include "common/core/receipt.hpp"
#include "common/core/uuid.hpp"
#include "common/runtime/task.hpp"

namespace stagedoor::notify {

// The newest word about one socket of this shard.
struct receipt_word {
    user_id user;
    std::uint64_t socket = 0;  // its number on this shard
    receipt what;
};

class receipt_store {
public:
    // Puts them all; of two words about one socket the later call's counts. `words` outlives the call.
    // errc::redis_unavailable, overloaded: some may have been put. What Redis refuses for good is counted and no error.
    virtual runtime::task<result<void>> put(std::span<const receipt_word> words) = 0;

    // This shard lives, and so do its open sockets, for limits::receipt_holder_ttl. May be lost.
    virtual void sign_of_life() = 0;

protected:
    ~receipt_store() = default;
};

}  // namespace stagedoor::notify
