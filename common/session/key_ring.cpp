#include "common/session/key_ring.hpp"

#include <algorithm>
#include <bitset>
#include <charconv>

#include "common/core/json.hpp"
#include "common/core/secrets.hpp"

namespace stagedoor::session {
namespace {

using key_bytes = std::array<std::uint8_t, 32>;

// Of 32 random bytes about 30 differ; fewer than 16 come once in 10^16 keys. So this is a key that somebody typed, or
// a file that was never filled. Likewise of the steps from one to the next: of a key that somebody counted up they are few.
constexpr std::size_t fewest_values = 16;

bool is_printable(std::uint8_t byte) noexcept { return byte >= 0x20 && byte < 0x7f; }

bool is_weak(const key_bytes& key) noexcept {
    std::bitset<256> seen;
    std::bitset<256> steps;
    for (const auto byte : key) seen.set(byte);
    for (std::size_t i = 1; i < key.size(); ++i) steps.set(static_cast<std::uint8_t>(key[i] - key[i - 1]));
    // A sentence: random bytes are all printable once in 10^13 keys.
    return seen.count() < fewest_values || steps.count() < fewest_values || std::ranges::all_of(key, is_printable);
}

}  // namespace

std::optional<key_ring> key_ring::parse(std::string_view text, std::string& complaint) {
    key_ring ring;
    std::size_t number = 0;
    const auto refuse = [&](std::string_view what) {
        complaint = "line " + std::to_string(number) + ": " + std::string{what};
        return std::nullopt;
    };
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = trim(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        ++number;
        if (line.empty() || line.front() == '#') continue;

        const auto space = line.find(' ');
        if (space == std::string_view::npos) return refuse("has to be `<id> <key>`");
        unsigned id = 256;
        const auto [rest, ec] = std::from_chars(line.data(), line.data() + space, id);
        if (ec != std::errc{} || rest != line.data() + space || id > 255) return refuse("the id has to be 0 to 255");
        if (std::ranges::any_of(ring.keys_, [&](const key& k) { return k.id == id; })) return refuse("the id is taken");

        key_bytes bytes{};
        if (!from_base64url(trim(line.substr(space)), bytes)) {
            return refuse("the key has to be 32 bytes in base64url (43 characters)");
        }
        if (is_weak(bytes)) return refuse("the key is weak: it has to be 32 random bytes, and these look typed or counted");
        key made{static_cast<std::uint8_t>(id), sha256(std::span<const std::uint8_t>{bytes}), {}};
        if (std::ranges::any_of(ring.keys_, [&](const key& k) { return k.digest == made.digest; })) {
            return refuse("the key is there already, under another id");
        }
        crypto_auth_hmacsha256_init(&made.prepared, bytes.data(), bytes.size());
        sodium_memzero(bytes.data(), bytes.size());
        ring.keys_.push_back(made);
    }
    if (ring.keys_.empty()) {
        complaint = "there is no key in it";
        return std::nullopt;
    }
    return ring;
}

std::string key_ring::make_file_text() {
    return "# Keys of Stagedoor's session tokens: <id> <32 bytes, base64url>. The first one signs.\n1 " +
           random_text(32) + "\n";
}

std::optional<token_proof> key_ring::prove(std::uint8_t id, std::span<const std::uint8_t> message) const noexcept {
    const auto found = std::ranges::find(keys_, id, &key::id);
    if (found == keys_.end()) return std::nullopt;
    auto state = found->prepared;
    std::array<std::uint8_t, crypto_auth_hmacsha256_BYTES> full;
    crypto_auth_hmacsha256_update(&state, message.data(), message.size());
    crypto_auth_hmacsha256_final(&state, full.data());
    token_proof proof;
    std::copy_n(full.begin(), proof.size(), proof.begin());
    return proof;
}

}  // namespace stagedoor::session
