#include "common/http/chunk_decoder.hpp"

#include <algorithm>

namespace stagedoor::http {
namespace {

int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool is_text(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return c == '\t' || (byte >= 0x20 && byte != 0x7f);
}

}  // namespace

chunk_decoder::progress chunk_decoder::feed(std::string_view& bytes, std::string& body) {
    while (!bytes.empty()) {
        if (step_ == step::data) {
            const auto part = bytes.substr(0, chunk_left_);
            body.append(part);
            bytes.remove_prefix(part.size());
            chunk_left_ -= part.size();
            if (chunk_left_ == 0) step_ = step::data_cr;
            continue;
        }
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (++overhead_ > chunk_overhead * body_bytes_ + chunk_line_bytes) return progress::too_large;
        if (++line_ > chunk_line_bytes) return progress::malformed;
        const auto reached = take(c);
        if (reached != progress::need_more) return reached;
    }
    return progress::need_more;
}

chunk_decoder::progress chunk_decoder::take(char c) {
    const auto expect = [&](char wanted, step next) {
        if (c != wanted) return progress::malformed;
        step_ = next;
        line_ = 0;
        return progress::need_more;
    };
    const auto up_to_line_end = [&](step end) {
        if (c == '\r') step_ = end;
        return c == '\r' || is_text(c) ? progress::need_more : progress::malformed;
    };
    switch (step_) {
        case step::size: return take_size(c);
        case step::extension: return up_to_line_end(step::size_end);
        case step::size_end: return c == '\n' ? end_size_line() : progress::malformed;
        case step::data: break;
        case step::data_cr: return expect('\r', step::data_end);
        case step::data_end: return expect('\n', step::size);
        case step::trailer:
            step_ = c == '\r' ? step::last_end : step::field;
            return c == '\r' || (is_text(c) && c != ' ' && c != '\t') ? progress::need_more : progress::malformed;
        case step::field: return up_to_line_end(step::field_end);
        case step::field_end: return expect('\n', step::trailer);
        case step::last_end: return c == '\n' ? progress::done : progress::malformed;
    }
    return progress::malformed;
}

chunk_decoder::progress chunk_decoder::take_size(char c) {
    const int digit = hex_digit(c);
    if (digit >= 0 && !padded_) {
        has_digit_ = true;
        chunk_left_ = chunk_left_ * 16 + static_cast<std::size_t>(digit);
        return chunk_left_ > body_bytes_ - taken_ ? progress::too_large : progress::need_more;
    }
    if (!has_digit_) return progress::malformed;
    if (c == ' ' || c == '\t') {
        padded_ = true;
    } else if (c == ';') {
        step_ = step::extension;
    } else if (c == '\r' && !padded_) {
        step_ = step::size_end;
    } else {
        return progress::malformed;
    }
    return progress::need_more;
}

chunk_decoder::progress chunk_decoder::end_size_line() {
    taken_ += chunk_left_;
    step_ = chunk_left_ == 0 ? step::trailer : step::data;
    line_ = 0;
    has_digit_ = false;
    padded_ = false;
    return progress::need_more;
}

}  // namespace stagedoor::http
