#include "common/obs/escape.hpp"

#include <cstdint>

namespace stagedoor::obs {
namespace {

struct code_point {
    std::uint32_t value = 0;
    std::size_t bytes = 0;  // 0: not UTF-8
};

// Strict: no overlong forms, no surrogates (RFC 3629 section 4).
code_point decode(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto lead = at(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < bytes) return {};
    std::uint32_t value = lead & (0x7fU >> bytes);
    for (std::size_t i = 1; i < bytes; ++i) {
        if ((at(i) & 0xc0) != 0x80) return {};
        value = value << 6 | (at(i) & 0x3f);
    }
    const bool overlong = (bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000);
    const bool surrogate = value >= 0xd800 && value < 0xe000;
    if (overlong || surrogate || value > 0x10ffff) return {};
    return {value, bytes};
}

bool acts_on_terminals(std::uint32_t c) noexcept {
    return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x61c || (c >= 0x200e && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) || c == 0xfeff;
}

void append_hex(std::string& out, std::uint32_t c) {
    static constexpr std::string_view hex = "0123456789abcdef";
    out.append("\\u");
    for (const unsigned shift : {12U, 8U, 4U, 0U}) out.push_back(hex[c >> shift & 15]);
}

}  // namespace

void append_escaped(std::string& out, std::string_view text, quotes quoting) {
    while (!text.empty()) {
        const auto [c, bytes] = decode(text);
        if (bytes == 0) {
            out.append("\\ufffd");
        } else if (c == '\n') {
            out.append("\\n");
        } else if (c == '\r') {
            out.append("\\r");
        } else if (c == '\t') {
            out.append("\\t");
        } else if (acts_on_terminals(c)) {
            append_hex(out, c);
        } else if (c == '\\' || (c == '"' && quoting == quotes::escape)) {
            out.append({'\\', static_cast<char>(c)});
        } else {
            out.append(text.substr(0, bytes));
        }
        text.remove_prefix(bytes == 0 ? 1 : bytes);
    }
}

std::size_t cut_at_character(std::string_view text, std::size_t bytes) noexcept {
    if (text.size() <= bytes) return text.size();
    while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0) == 0x80) --bytes;
    return bytes;
}

}  // namespace stagedoor::obs
