// Identifiers: UUIDs (RFC 9562), 16 bytes inside, lower-case text of 36 characters outside.
// Users and sessions have types of their own, so that one cannot be taken for the other.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace stagedoor {

using uuid_bytes = std::array<std::uint8_t, 16>;

inline constexpr std::size_t uuid_text_size = 36;

std::string format_uuid(const uuid_bytes& bytes);
void append_uuid(std::string& out, const uuid_bytes& bytes);

// Nothing unless `text` is the canonical 36 characters; upper-case hex is taken (RFC 9562 section 4).
std::optional<uuid_bytes> parse_uuid(std::string_view text) noexcept;

// Version 7: sorts by the time of its making, milliseconds.
uuid_bytes make_uuid_v7();
// Version 4: 122 random bits.
uuid_bytes make_uuid_v4();

template <class Tag>
struct id {
    uuid_bytes bytes{};

    std::string text() const { return format_uuid(bytes); }
    static std::optional<id> parse(std::string_view text) noexcept {
        const auto parsed = parse_uuid(text);
        if (!parsed) return std::nullopt;
        return id{*parsed};
    }
    friend auto operator<=>(const id&, const id&) = default;
};

using user_id = id<struct user_tag>;
using session_id = id<struct session_tag>;

// Who a session is: the part of a token that never changes.
struct session_ref {
    user_id user;
    session_id session;

    friend bool operator==(const session_ref&, const session_ref&) = default;
};

// Ids carry enough randomness of their own; their last eight bytes are the hash.
template <class Tag>
struct id_hash {
    std::size_t operator()(const id<Tag>& value) const noexcept {
        std::size_t h = 0;
        for (std::size_t i = 8; i < 16; ++i) h = (h << 8) | value.bytes[i];
        return h;
    }
};

}  // namespace stagedoor
