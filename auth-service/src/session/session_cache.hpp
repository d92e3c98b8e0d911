// What one shard remembers of living sessions, so that a check needs no round trip and no parsing (C1, C2). Pure: it
// knows neither Redis nor time, and is told of everything that ends an entry. Bounded in bytes; the least recently used
// goes first, and everything but clear() takes constant time.
//
//   expect()   a placeholder, before the session is read from Redis
//   keep()     the reply takes its place, but only if it is still there
//   evict()    a change: entry and placeholder go, and a reply under way is too old to be kept
//
// Replies and news of changes come over two connections in any order. That the placeholder goes is what makes it not
// matter: tests/unit/auth/session_cache_model_test.cpp walks through all orders.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "auth-service/src/session/session_store.hpp"

namespace stagedoor::session {

class session_cache {
public:
    // Names one expectation; no two of a cache are equal.
    using ticket = std::uint64_t;

    explicit session_cache(std::size_t most_bytes);

    // Nothing for what is only expected. Valid until the next call of anything else.
    remembered_session* find(const session_ref& who) noexcept;

    // Drops what is remembered of the session: whoever asks Redis although there is an entry has no use for it.
    // Expecting what is expected already gives the same ticket: the first reply fills the place.
    ticket expect(const session_ref& who);
    void keep(const session_ref& who, ticket which, remembered_session what);
    // The reply was none, or nothing to remember.
    void give_up(const session_ref& who, ticket which) noexcept;
    // With what is remembered of the session, if it is.
    void keep_answer(const session_ref& who, const std::string& answer);

    void evict(const session_ref& who) noexcept;
    void evict(const user_id& user) noexcept;  // all of the user's sessions
    void clear() noexcept;

    std::size_t size() const noexcept { return entries_; }   // without what is only expected
    std::size_t bytes() const noexcept { return bytes_; }    // an estimate, expectations included
    std::uint64_t squeezed_out() const noexcept { return squeezed_out_; }  // entries that went for want of room

private:
    using place = std::uint32_t;
    static constexpr place nowhere = ~place{0};

    struct node {
        session_ref who;
        ticket expected = 0;  // 0: there is an entry
        remembered_session what;
        std::size_t bytes = 0;
        place newer = nowhere, older = nowhere;
        place next = nowhere;  // in the bucket; of free nodes: the next free one
    };

    // Sessions of one user share a bucket, so that all of them are found at once.
    place& bucket_of(const user_id& user) noexcept;
    place look_up(const session_ref& who) noexcept;
    place add(const session_ref& who);
    void remove(place at) noexcept;
    void unlink_from_bucket(place at) noexcept;
    void link_as_newest(place at) noexcept;
    void unlink_from_ages(place at) noexcept;
    void weigh(node& of, std::size_t bytes) noexcept;
    void make_room() noexcept;

    std::size_t most_bytes_;
    std::deque<node> nodes_;  // never move
    std::vector<place> buckets_;
    place free_ = nowhere;
    place newest_ = nowhere, oldest_ = nowhere;
    std::size_t entries_ = 0;
    std::size_t bytes_ = 0;
    std::uint64_t squeezed_out_ = 0;
    ticket tickets_ = 0;
};

}  // namespace stagedoor::session
