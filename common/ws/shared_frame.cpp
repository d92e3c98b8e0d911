#include "common/ws/shared_frame.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <span>
#include <string>

#include "common/core/limits.hpp"

namespace stagedoor::ws {
namespace {

// Section 5.2: FIN set, no mask, the length in its shortest form.
std::size_t write_header(opcode code, std::size_t payload, std::span<std::uint8_t, 10> out) noexcept {
    out[0] = static_cast<std::uint8_t>(0x80u | static_cast<unsigned>(code));
    std::size_t extended = 0;
    if (payload < 126) {
        out[1] = static_cast<std::uint8_t>(payload);
    } else if (payload <= 0xffff) {
        out[1] = 126;
        extended = 2;
    } else {
        out[1] = 127;
        extended = 8;
    }
    for (std::size_t i = 0; i < extended; ++i) out[1 + extended - i] = static_cast<std::uint8_t>(payload >> (8 * i));
    return 2 + extended;
}

// At most `bytes` of `text`, without a character cut in two.
std::string_view cut_utf8(std::string_view text, std::size_t bytes) noexcept {
    if (text.size() <= bytes) return text;
    const auto continues = [&](std::size_t i) { return (static_cast<std::uint8_t>(text[i]) & 0xc0) == 0x80; };
    while (bytes > 0 && continues(bytes)) --bytes;
    return text.substr(0, bytes);
}

}  // namespace

frame_bytes* frame_bytes::allocate(std::size_t size) {
    auto* const memory = ::operator new(sizeof(frame_bytes) + size);
    return new (memory) frame_bytes{static_cast<std::uint32_t>(size)};
}

shared_frame make_bytes(std::string_view ready) {
    auto* const frame = frame_bytes::allocate(ready.size());
    std::ranges::copy(ready, frame->data());
    return shared_frame{frame};
}

shared_frame make_frame(opcode code, std::string_view payload) {
    std::array<std::uint8_t, 10> header;
    const auto header_size = write_header(code, payload.size(), header);
    auto* const frame = frame_bytes::allocate(header_size + payload.size());
    std::memcpy(frame->data(), header.data(), header_size);
    std::ranges::copy(payload, frame->data() + header_size);
    return shared_frame{frame};
}

shared_frame make_close_frame(std::uint16_t code, std::string_view reason) {
    if (code == closing::none_given) return make_frame(opcode::close, {});
    std::string payload;
    payload.push_back(static_cast<char>(code >> 8));
    payload.push_back(static_cast<char>(code & 0xff));
    payload.append(cut_utf8(reason, limits::ws_reason_bytes));
    return make_frame(opcode::close, payload);
}

void intrusive_ptr_add_ref(const frame_bytes* frame) noexcept {
    frame->owners_.fetch_add(1, std::memory_order_relaxed);
}

void intrusive_ptr_release(const frame_bytes* frame) noexcept {
    if (frame->owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    const auto size = sizeof(frame_bytes) + frame->size_;
    frame->~frame_bytes();
    ::operator delete(const_cast<frame_bytes*>(frame), size);
}

}  // namespace stagedoor::ws
