#include "auth-service/src/session/session_cache.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace stagedoor::session {
namespace {

// What an entry takes at least, about: there are as many buckets as such entries have room.
constexpr std::size_t least_entry_bytes = 1024;
constexpr std::size_t most_buckets = std::size_t{1} << 24;

std::size_t heap_bytes(const std::string& text) noexcept {
    constexpr std::size_t inside = 15;     // libstdc++ keeps so many characters in the object
    constexpr std::size_t malloc_own = 16;
    return text.capacity() <= inside ? 0 : text.capacity() + malloc_own;
}

std::size_t heap_bytes(const remembered_session& what) noexcept {
    // Most entries are asked for again, so their answers count from the beginning: about 370 bytes beside the names.
    // One that is longer is weighed when it comes.
    constexpr std::size_t answer_bytes = 512;
    return heap_bytes(what.facts.email) + heap_bytes(what.facts.display_name) +
           std::max(heap_bytes(what.answer), answer_bytes);
}

}  // namespace

session_cache::session_cache(std::size_t most_bytes)
    : most_bytes_{most_bytes},
      buckets_(std::bit_ceil(std::clamp<std::size_t>(most_bytes / least_entry_bytes, 1, most_buckets)), nowhere) {}

remembered_session* session_cache::find(const session_ref& who) noexcept {
    const auto at = look_up(who);
    if (at == nowhere || nodes_[at].expected != 0) return nullptr;
    if (at != newest_) {
        unlink_from_ages(at);
        link_as_newest(at);
    }
    return &nodes_[at].what;
}

session_cache::ticket session_cache::expect(const session_ref& who) {
    auto at = look_up(who);
    if (at != nowhere && nodes_[at].expected != 0) return nodes_[at].expected;
    if (at != nowhere) remove(at);
    at = add(who);
    const auto which = nodes_[at].expected = ++tickets_;
    make_room();
    return which;
}

void session_cache::keep(const session_ref& who, ticket which, remembered_session what) {
    const auto at = look_up(who);
    if (at == nowhere || nodes_[at].expected != which) return;
    auto& filled = nodes_[at];
    filled.expected = 0;
    filled.what = std::move(what);
    ++entries_;
    weigh(filled, sizeof(node) + heap_bytes(filled.what));
    make_room();
}

void session_cache::give_up(const session_ref& who, ticket which) noexcept {
    const auto at = look_up(who);
    if (at != nowhere && nodes_[at].expected == which) remove(at);
}

void session_cache::keep_answer(const session_ref& who, const std::string& answer) {
    const auto at = look_up(who);
    if (at == nowhere || nodes_[at].expected != 0) return;
    auto& known = nodes_[at];
    known.what.answer = answer;
    weigh(known, sizeof(node) + heap_bytes(known.what));
    make_room();
}

void session_cache::evict(const session_ref& who) noexcept {
    const auto at = look_up(who);
    if (at != nowhere) remove(at);
}

void session_cache::evict(const user_id& user) noexcept {
    for (auto at = bucket_of(user); at != nowhere;) {
        const auto next = nodes_[at].next;
        if (nodes_[at].who.user == user) remove(at);
        at = next;
    }
}

void session_cache::clear() noexcept {
    nodes_.clear();
    std::ranges::fill(buckets_, nowhere);
    free_ = newest_ = oldest_ = nowhere;
    entries_ = bytes_ = 0;
}

session_cache::place& session_cache::bucket_of(const user_id& user) noexcept {
    return buckets_[id_hash<user_tag>{}(user) & (buckets_.size() - 1)];
}

session_cache::place session_cache::look_up(const session_ref& who) noexcept {
    auto at = bucket_of(who.user);
    while (at != nowhere && nodes_[at].who != who) at = nodes_[at].next;
    return at;
}

session_cache::place session_cache::add(const session_ref& who) {
    if (free_ == nowhere) {
        nodes_.emplace_back().next = nowhere;
        free_ = static_cast<place>(nodes_.size() - 1);
    }
    const auto at = free_;
    auto& fresh = nodes_[at];
    free_ = fresh.next;
    fresh.who = who;
    auto& bucket = bucket_of(who.user);
    fresh.next = std::exchange(bucket, at);
    link_as_newest(at);
    weigh(fresh, sizeof(node));
    return at;
}

void session_cache::remove(place at) noexcept {
    unlink_from_bucket(at);
    unlink_from_ages(at);
    auto& gone = nodes_[at];
    if (gone.expected == 0) --entries_;
    weigh(gone, 0);
    gone.what = {};
    gone.next = std::exchange(free_, at);
}

void session_cache::unlink_from_bucket(place at) noexcept {
    auto* link = &bucket_of(nodes_[at].who.user);
    while (*link != at) link = &nodes_[*link].next;
    *link = nodes_[at].next;
}

void session_cache::link_as_newest(place at) noexcept {
    auto& fresh = nodes_[at];
    fresh.newer = nowhere;
    fresh.older = std::exchange(newest_, at);
    (fresh.older == nowhere ? oldest_ : nodes_[fresh.older].newer) = at;
}

void session_cache::unlink_from_ages(place at) noexcept {
    const auto& gone = nodes_[at];
    (gone.newer == nowhere ? newest_ : nodes_[gone.newer].older) = gone.older;
    (gone.older == nowhere ? oldest_ : nodes_[gone.older].newer) = gone.newer;
}

void session_cache::weigh(node& of, std::size_t bytes) noexcept {
    bytes_ += bytes;
    bytes_ -= std::exchange(of.bytes, bytes);
}

void session_cache::make_room() noexcept {
    while (bytes_ > most_bytes_) {
        if (nodes_[oldest_].expected == 0) ++squeezed_out_;
        remove(oldest_);
    }
}

}  // namespace stagedoor::session
