// Frames as a client makes them, right or wrong, and what a frame_reader makes of them; for tests.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/ws/frame_reader.hpp"

namespace stagedoor::tests {

inline constexpr std::array<std::uint8_t, 4> usual_mask{0x37, 0xfa, 0x21, 0x3d};

struct client_frame {
    ws::opcode code = ws::opcode::text;
    std::string payload{};
    bool final = true;
    bool masked = true;
    unsigned reserved = 0;        // RSV1 to RSV3 as a number of three bits
    std::size_t length_form = 0;  // 0: the shortest; else 7, 16 or 64 bits
    std::array<std::uint8_t, 4> mask = usual_mask;
};

inline std::string bytes_of(const client_frame& frame) {
    const auto size = frame.payload.size();
    const auto form = frame.length_form != 0 ? frame.length_form : size < 126 ? 7u : size <= 0xffff ? 16u : 64u;
    const auto byte = [](std::size_t value) { return static_cast<char>(static_cast<std::uint8_t>(value)); };
    std::string out;
    out += byte((frame.final ? 0x80u : 0u) | frame.reserved << 4 | static_cast<unsigned>(frame.code));
    const std::size_t mask_bit = frame.masked ? 0x80 : 0;
    out += byte(mask_bit | (form == 7 ? size : form == 16 ? 126u : 127u));
    if (form > 7) {
        for (std::size_t shift = form; shift > 0; shift -= 8) out += byte(size >> (shift - 8));
    }
    if (frame.masked) {
        for (const auto each : frame.mask) out += byte(each);
    }
    for (std::size_t i = 0; i < size; ++i) {
        const auto plain = static_cast<std::uint8_t>(frame.payload[i]);
        out += byte(frame.masked ? plain ^ frame.mask[i % 4] : plain);
    }
    return out;
}

inline std::string bytes_of(std::initializer_list<client_frame> frames) {
    std::string out;
    for (const auto& each : frames) out += bytes_of(each);
    return out;
}

inline std::string close_payload(unsigned code, std::string_view reason = {}) {
    std::string out;
    out += static_cast<char>(code >> 8);
    out += static_cast<char>(code & 0xff);
    return out.append(reason);
}

// An event as text: "text:Hello", "ping:", "close 1000:bye", "failed 1002".
inline std::string name_of(const ws::frame_reader::event& happened) {
    using kind = ws::frame_reader::event::kind;
    const std::string payload{happened.payload};
    switch (happened.what) {
        case kind::need_more: return "need_more";
        case kind::text: return "text:" + payload;
        case kind::binary: return "binary:" + payload;
        case kind::ping: return "ping:" + payload;
        case kind::pong: return "pong:" + payload;
        case kind::close: return "close " + std::to_string(happened.code) + ":" + payload;
        case kind::failed: return "failed " + std::to_string(happened.code);
    }
    return "?";
}

// All that `reader` makes of the bytes, given in slices of `step`.
inline std::vector<std::string> events_of(ws::frame_reader& reader, std::string bytes, std::size_t step) {
    std::vector<std::string> seen;
    const std::span<char> all{bytes};
    for (std::size_t at = 0; at < all.size(); at += step) {
        auto slice = all.subspan(at, std::min(step, all.size() - at));
        for (;;) {
            const auto happened = reader.next(slice);
            if (happened.what == ws::frame_reader::event::kind::need_more) break;
            seen.push_back(name_of(happened));
        }
    }
    return seen;
}

}  // namespace stagedoor::tests
