#include "common/ws/frame_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace stagedoor::ws {
namespace {

using kind = frame_reader::event::kind;

// Section 5.3; `offset`: how many bytes of the frame's payload stand before `bytes`.
void unmask(std::span<char> bytes, const std::uint8_t* mask, std::size_t offset) noexcept {
    std::array<std::uint8_t, 8> pattern;
    for (std::size_t i = 0; i < pattern.size(); ++i) pattern[i] = mask[(offset + i) % 4];
    std::uint64_t key = 0;
    std::memcpy(&key, pattern.data(), sizeof key);
    std::size_t i = 0;
    for (; i + sizeof key <= bytes.size(); i += sizeof key) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + i, sizeof word);
        word ^= key;
        std::memcpy(bytes.data() + i, &word, sizeof word);
    }
    for (; i < bytes.size(); ++i) bytes[i] = static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^ pattern[i % 8]);
}

bool is_known(opcode code) noexcept {
    switch (code) {
        case opcode::continuation:
        case opcode::text:
        case opcode::binary:
        case opcode::close:
        case opcode::ping:
        case opcode::pong: return true;
    }
    return false;
}

void free_memory(std::string& text) noexcept { std::string{}.swap(text); }

}  // namespace

frame_reader::event frame_reader::next(std::span<char>& bytes) {
    forget_shown();
    for (;;) {
        event happened;
        if (state_ == state::header) happened = take_header(bytes);
        if (happened.what == kind::need_more && state_ == state::payload) happened = take_payload(bytes);
        if (happened.what != kind::need_more) return happened;
        if (state_ == state::over) bytes = {};
        // A fragment may have ended without anything to tell.
        if (bytes.empty()) return {};
    }
}

void frame_reader::forget_shown() noexcept {
    if (shown_ == memory::message) free_memory(message_);
    if (shown_ == memory::control) free_memory(control_);
    shown_ = memory::none;
}

std::size_t frame_reader::header_size() const noexcept {
    constexpr std::size_t start = 2, mask = 4;
    if (header_taken_ < start) return start;
    const auto length = header_[1] & 0x7f;
    return start + mask + (length == 126 ? 2u : length == 127 ? 8u : 0u);
}

frame_reader::event frame_reader::take_header(std::span<char>& bytes) noexcept {
    while (header_taken_ < header_size()) {
        if (bytes.empty()) return {};
        header_[header_taken_++] = static_cast<std::uint8_t>(bytes.front());
        bytes = bytes.subspan(1);
        if (header_taken_ != 2) continue;
        const auto checked = check_start();
        if (checked.what == kind::failed) return checked;
    }
    return begin_payload();
}

// What the first two bytes of a frame show (section 5.2).
frame_reader::event frame_reader::check_start() noexcept {
    if ((header_[0] & 0x70) != 0) return fail(closing::protocol_error, "A reserved bit is set.");
    if (!is_known(code())) return fail(closing::protocol_error, "The opcode is not known.");
    if ((header_[1] & 0x80) == 0) return fail(closing::protocol_error, "A client's frame has to be masked.");
    if (is_control(code())) {
        if (!is_final()) return fail(closing::protocol_error, "A control frame is fragmented.");
        if ((header_[1] & 0x7f) > control_bytes) return fail(closing::protocol_error, "A control frame is too long.");
    } else if (in_message_ != (code() == opcode::continuation)) {
        return fail(closing::protocol_error,
                    in_message_ ? "A message begins within another." : "A continuation continues nothing.");
    }
    return {};
}

std::uint64_t frame_reader::announced_length() const noexcept {
    const unsigned length = header_[1] & 0x7f;
    if (length < 126) return length;
    std::uint64_t extended = 0;
    const std::size_t size = length == 126 ? 2 : 8;
    for (std::size_t i = 0; i < size; ++i) extended = extended << 8 | header_[2 + i];
    return extended;
}

frame_reader::event frame_reader::begin_payload() noexcept {
    const unsigned form = header_[1] & 0x7f;
    const auto length = announced_length();
    const bool minimal = form < 126 || (form == 126 ? length >= 126 : length > 0xffff);
    if (!minimal || length >> 63 != 0) return fail(closing::protocol_error, "The length is not in its shortest form.");
    if (!is_control(code())) {
        if (length > message_limit_ - message_.size()) return fail(closing::message_too_big, "The message is too big.");
        if (code() != opcode::continuation) {
            message_is_text_ = code() == opcode::text;
            utf8_.reset();
        }
        in_message_ = true;
    }
    frame_size_ = static_cast<std::uint32_t>(length);
    frame_taken_ = 0;
    state_ = state::payload;
    return {};
}

frame_reader::event frame_reader::take_payload(std::span<char>& bytes) {
    const auto part = bytes.first(std::min<std::size_t>(bytes.size(), frame_size_ - frame_taken_));
    bytes = bytes.subspan(part.size());
    unmask(part, header_.data() + header_taken_ - 4, frame_taken_);
    const std::string_view text{part.data(), part.size()};
    if (!is_control(code()) && message_is_text_ && !utf8_.feed(text))
        return fail(closing::not_utf8, "The text is not UTF-8.");

    const bool whole = part.size() == frame_size_;
    frame_taken_ += static_cast<std::uint32_t>(part.size());
    // What can be shown where it lies is not copied.
    const bool kept = !whole || (!is_control(code()) && (!message_.empty() || !is_final()));
    if (kept) (is_control(code()) ? control_ : message_).append(text);
    if (frame_taken_ < frame_size_) return {};

    state_ = state::header;
    const auto finished = finish_frame(text, !kept);
    header_taken_ = 0;
    return finished;
}

frame_reader::event frame_reader::finish_frame(std::string_view payload, bool whole) {
    if (is_control(code())) {
        if (!whole) {
            shown_ = memory::control;
            payload = control_;
        }
        return finish_control(payload);
    }
    if (!is_final()) return {};
    in_message_ = false;
    if (message_is_text_ && !utf8_.complete()) return fail(closing::not_utf8, "The text ends within a character.");
    if (!whole) {
        shown_ = memory::message;
        payload = message_;
    }
    return {message_is_text_ ? kind::text : kind::binary, payload};
}

frame_reader::event frame_reader::finish_control(std::string_view payload) noexcept {
    if (code() == opcode::ping) return {kind::ping, payload};
    if (code() == opcode::pong) return {kind::pong, payload};
    return finish_close(payload);
}

// Sections 5.5.1 and 7.4.
frame_reader::event frame_reader::finish_close(std::string_view payload) noexcept {
    if (payload.size() == 1) return fail(closing::protocol_error, "A Close has half a code.");
    state_ = state::over;
    if (payload.empty()) return {kind::close, {}, closing::none_given};
    const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<std::uint8_t>(payload[i])); };
    const auto code = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
    const auto reason = payload.substr(2);
    if (!is_close_code(code)) return fail(closing::protocol_error, "A Close has a code that is none.");
    if (!is_utf8(reason)) return fail(closing::not_utf8, "A Close has a reason that is not UTF-8.");
    return {kind::close, reason, code};
}

frame_reader::event frame_reader::fail(std::uint16_t code, std::string_view why) noexcept {
    state_ = state::over;
    free_memory(message_);
    return {kind::failed, why, code};
}

}  // namespace stagedoor::ws
