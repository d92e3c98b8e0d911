// Walks every state that a small world can reach, each once. A world is a value with
//   key_bits key() const                       what tells it from others: nothing that cannot matter any more
//   void moves(const visitor&) const           visits each world that may come next
//   std::optional<std::string> wrong() const   what must never be, when it is
// States are told apart by their whole keys, not by a hash of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace stagedoor::model {

// Small numbers packed into 192 bits.
class key_bits {
public:
    // `value` has to fit into `width` bits.
    void add(std::uint64_t value, unsigned width) {
        if (value >> width != 0 || used_ + width > 3 * 64) throw std::length_error{"a model's key has no room for it"};
        const auto word = used_ / 64;
        const auto shift = used_ % 64;
        words_[word] |= value << shift;
        if (shift + width > 64) words_[word + 1] |= value >> (64 - shift);
        used_ += width;
    }
    friend bool operator==(const key_bits&, const key_bits&) = default;

    struct hash {
        std::size_t operator()(const key_bits& k) const noexcept {
            std::uint64_t h = 0;
            for (const auto word : k.words_) h = (h ^ word) * 0x9e3779b97f4a7c15U, h ^= h >> 32;
            return h;
        }
    };

private:
    std::uint64_t words_[3]{};
    unsigned used_ = 0;
};

template <class World>
using visitor = std::function<void(World)>;

struct exploration {
    std::size_t states = 0;
    std::optional<std::string> counterexample;
};

// Stops at the first counterexample. Throws std::length_error beyond `most` states: something has no end.
template <class World>
exploration explore(World start, std::size_t most = 5'000'000) {
    std::unordered_set<key_bits, key_bits::hash> seen;
    std::vector<World> open;
    exploration found;
    const visitor<World> visit = [&](World next) {
        if (found.counterexample) return;
        if (auto wrong = next.wrong()) {
            found.counterexample = std::move(wrong);
            return;
        }
        if (!seen.insert(next.key()).second) return;
        if (seen.size() > most) throw std::length_error{"the world has no end"};
        open.push_back(std::move(next));
    };
    visit(std::move(start));
    while (!open.empty() && !found.counterexample) {
        const auto next = std::move(open.back());
        open.pop_back();
        next.moves(visit);
    }
    found.states = seen.size();
    return found;
}

}  // namespace stagedoor::model
