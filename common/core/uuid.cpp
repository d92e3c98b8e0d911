#include "common/core/uuid.hpp"

#include <sodium.h>

#include <chrono>

namespace stagedoor {
namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

// By character; 0xff for what is no digit. A table: each event's channel has a user in it.
constexpr auto hex_values = [] {
    std::array<std::uint8_t, 256> values{};
    values.fill(0xff);
    for (std::uint8_t i = 0; i < 16; ++i) values[static_cast<std::uint8_t>(hex_digits[i])] = i;
    for (std::uint8_t i = 0; i < 6; ++i) values[static_cast<std::uint8_t>('A' + i)] = static_cast<std::uint8_t>(10 + i);
    return values;
}();

constexpr unsigned hex_value(char c) noexcept { return hex_values[static_cast<std::uint8_t>(c)]; }

constexpr bool is_dash_before(std::size_t byte) noexcept {
    return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void set_version(uuid_bytes& bytes, std::uint8_t version) noexcept {
    bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | (version << 4));
    bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
}

}  // namespace

void append_uuid(std::string& out, const uuid_bytes& bytes) {
    std::array<char, uuid_text_size> text;
    std::size_t at = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (is_dash_before(i)) text[at++] = '-';
        text[at++] = hex_digits[bytes[i] >> 4];
        text[at++] = hex_digits[bytes[i] & 0x0f];
    }
    out.append(text.data(), text.size());
}

std::string format_uuid(const uuid_bytes& bytes) {
    std::string out;
    out.reserve(uuid_text_size);
    append_uuid(out, bytes);
    return out;
}

std::optional<uuid_bytes> parse_uuid(std::string_view text) noexcept {
    if (text.size() != uuid_text_size) return std::nullopt;
    uuid_bytes bytes{};
    std::size_t at = 0;
    unsigned seen = 0;  // has a high bit as soon as one of them is no digit
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (is_dash_before(i) && text[at++] != '-') return std::nullopt;
        const auto high = hex_value(text[at++]);
        const auto low = hex_value(text[at++]);
        seen |= high | low;
        bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    if (seen > 0x0f) return std::nullopt;
    return bytes;
}

uuid_bytes make_uuid_v7() {
    uuid_bytes bytes;
    randombytes_buf(bytes.data(), bytes.size());
    auto ms = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
            .count());
    for (std::size_t i = 6; i-- > 0; ms >>= 8) bytes[i] = static_cast<std::uint8_t>(ms & 0xff);
    set_version(bytes, 7);
    return bytes;
}

uuid_bytes make_uuid_v4() {
    uuid_bytes bytes;
    randombytes_buf(bytes.data(), bytes.size());
    set_version(bytes, 4);
    return bytes;
}

}  // namespace stagedoor
