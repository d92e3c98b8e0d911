#include "common/http/trace.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <random>

namespace stagedoor::http {
namespace {

void write_hex(char* out, std::uint64_t number) noexcept {
    static constexpr std::string_view digits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) *out++ = digits[(number >> shift) & 15];
}

bool is_lower_hex(std::string_view text) noexcept {
    return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) noexcept { return text.find_first_not_of('0') == std::string_view::npos; }

}  // namespace

id_source::id_source() {
    std::random_device device;
    for (auto& word : state_) word = (std::uint64_t{device()} << 32) | device();
    state_[0] |= 1;  // a state of zeros would stay one
}

// xoshiro256** (Blackman, Vigna 2018).
std::uint64_t id_source::next() noexcept {
    const std::uint64_t drawn = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return drawn;
}

request_id::request_id(std::uint64_t number) noexcept { write_hex(text_.data(), number); }

std::optional<trace_context> trace_context::parse(std::string_view text) noexcept {
    // version "-" trace-id "-" parent-id "-" flags, of 2, 32, 16 and 2 hex digits
    constexpr std::size_t size = 55;
    if (text.size() < size || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
    const auto version = text.substr(0, 2);
    const auto trace = text.substr(3, 32);
    const auto parent = text.substr(36, 16);
    const auto flags = text.substr(53, 2);
    if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(flags))
        return std::nullopt;
    if (version == "ff" || is_zero(trace) || is_zero(parent)) return std::nullopt;
    // Only later versions may have more to say.
    if (text.size() > size && (version == "00" || text[size] != '-')) return std::nullopt;

    trace_context context;
    std::ranges::copy(parent, std::ranges::copy(trace, context.text_.begin()).out);
    const char last = flags[1];
    context.sampled_ = ((last <= '9' ? last - '0' : last - 'a' + 10) & 1) != 0;
    return context;
}

trace_context trace_context::make(id_source& ids) noexcept {
    trace_context context;
    for (std::size_t i = 0; i < 48; i += 16) write_hex(context.text_.data() + i, ids.next() | 1);  // never zeros
    return context;
}

}  // namespace stagedoor::http
