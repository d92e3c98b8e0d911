// Walks every state that a small world can reach, each once. A world is a value with
//   key() const                                what tells it from others, packed or as a text: nothing that cannot matter
//                                              any more
//   void moves(const visitor&) const           visits each world that may come next
//   std::optional<std::string> wrong() const   what must never be, when it is
// and, if it wants more,
//   const char* last_move() const              to have the way to a counterexample told
//   bool settled() const                       from every state there has to be a way to one where this holds; what is
//                                              wrong is told by the key alone then
// States are told apart by their whole keys, not by a hash of them.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace stagedoor::model {

// Small numbers packed into so many words of 64 bits.
template <std::size_t Words>
class packed_key {
public:
    // `value` has to fit into `width` bits.
    void add(std::uint64_t value, unsigned width) {
        if (value >> width != 0 || used_ + width > Words * 64) {
            throw std::length_error{"a model's key has no room for it"};
        }
        const auto word = used_ / 64;
        const auto shift = used_ % 64;
        words_[word] |= value << shift;
        if (shift + width > 64) words_[word + 1] |= value >> (64 - shift);
        used_ += width;
    }
    friend bool operator==(const packed_key&, const packed_key&) = default;

    struct hash {
        std::size_t operator()(const packed_key& k) const noexcept {
            std::uint64_t h = 0;
            for (const auto word : k.words_) h = (h ^ word) * 0x9e3779b97f4a7c15U, h ^= h >> 32;
            return h;
        }
    };

private:
    std::uint64_t words_[Words]{};
    unsigned used_ = 0;
};

using key_bits = packed_key<3>;

template <class Key>
struct key_hash : std::hash<Key> {};
template <std::size_t Words>
struct key_hash<packed_key<Words>> : packed_key<Words>::hash {};

template <class World>
using visitor = std::function<void(World)>;

struct exploration {
    std::size_t states = 0;
    std::size_t settled = 0;  // of worlds that can settle
    std::optional<std::string> counterexample;
};

template <class World>
concept tells_its_moves = requires(const World& w) { { w.last_move() } -> std::convertible_to<const char*>; };

template <class World>
concept can_settle = requires(const World& w) { { w.settled() } -> std::convertible_to<bool>; };

template <class World>
class walk {
public:
    explicit walk(std::size_t most) : most_{most} {}

    exploration from(World start) {
        visit(std::move(start));
        while (!open_.empty() && !found_.counterexample) {
            auto [here, world] = std::move(open_.back());
            open_.pop_back();
            from_ = here;
            world.moves([this](World next) { visit(std::move(next)); });
        }
        found_.states = steps_.size();
        if constexpr (can_settle<World>) {
            if (!found_.counterexample) look_for_traps();
        }
        return std::move(found_);
    }

private:
    static constexpr std::uint32_t nowhere = UINT32_MAX;
    struct step {
        std::uint32_t from;
        const char* how;
    };
    struct place {
        std::uint32_t number;
        World world;
    };

    void visit(World next) {
        if (found_.counterexample) return;
        if constexpr (!can_settle<World>) {
            if (is_wrong(next)) return;
        }
        const auto number = static_cast<std::uint32_t>(steps_.size());
        const auto [known, is_new] = numbers_.try_emplace(next.key(), number);
        if constexpr (can_settle<World>) {
            if (from_ != nowhere) edges_.emplace_back(known->second, from_);
            if (!is_new || is_wrong(next)) return;
        }
        if (!is_new) return;
        const char* how = "";
        if constexpr (tells_its_moves<World>) how = next.last_move();
        if (steps_.size() >= most_) throw std::length_error{"the world has no end"};
        steps_.push_back({from_, how});
        if constexpr (can_settle<World>) settled_.push_back(next.settled());
        open_.push_back({number, std::move(next)});
    }

    bool is_wrong(const World& next) {
        auto wrong = next.wrong();
        if (!wrong) return false;
        if constexpr (tells_its_moves<World>) *wrong += way_to(from_) + " " + next.last_move();
        found_.counterexample = std::move(*wrong);
        return true;
    }

    std::string way_to(std::uint32_t last) const {
        std::string way;
        for (auto at = last; at != nowhere; at = steps_[at].from) way = std::string{" "} + steps_[at].how + way;
        return way;
    }

    // Backwards from where it is settled.
    void look_for_traps() {
        std::vector<std::uint32_t> first(steps_.size() + 1);
        for (const auto& [to, from] : edges_) ++first[to + 1];
        for (std::size_t i = 1; i < first.size(); ++i) first[i] += first[i - 1];
        std::vector<std::uint32_t> before(edges_.size());
        auto next = first;
        for (const auto& [to, from] : edges_) before[next[to]++] = from;

        std::vector<std::uint32_t> open;
        for (std::uint32_t i = 0; i < steps_.size(); ++i) {
            if (settled_[i]) open.push_back(i);
        }
        found_.settled = open.size();
        while (!open.empty()) {
            const auto here = open.back();
            open.pop_back();
            for (auto i = first[here]; i < first[here + 1]; ++i) {
                if (settled_[before[i]]) continue;
                settled_[before[i]] = true;
                open.push_back(before[i]);
            }
        }
        for (std::uint32_t i = 0; i < steps_.size(); ++i) {
            if (settled_[i]) continue;
            found_.counterexample = "it never settles after:" + way_to(i);
            return;
        }
    }

    using key_type = decltype(std::declval<const World&>().key());

    const std::size_t most_;
    exploration found_;
    std::unordered_map<key_type, std::uint32_t, key_hash<key_type>> numbers_;
    std::vector<step> steps_;
    std::vector<std::pair<std::uint32_t, std::uint32_t>> edges_;  // to, from
    std::vector<bool> settled_;
    std::vector<place> open_;
    std::uint32_t from_ = nowhere;
};

// Stops at the first counterexample. Throws std::length_error beyond `most` states: something has no end.
template <class World>
exploration explore(World start, std::size_t most = 5'000'000) {
    return walk<World>{most}.from(std::move(start));
}

}  // namespace stagedoor::model
