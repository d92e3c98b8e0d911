#include "common/http/request_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/http/field.hpp"

namespace stagedoor::http {
namespace {

// Most heads fit, with room behind them.
constexpr std::size_t usual_buffer = 4 * 1024;
// What grew beyond this is given back after its request.
constexpr std::size_t kept_buffer = 8 * 1024;
// Room for bytes of a body behind a head.
constexpr std::size_t body_room = 1024;
// Method, spaces and version beside the target.
constexpr std::size_t request_line_rest = 32;

// So that a peer which speaks TLS, say, hears of it at once. Every method in use begins with a letter.
bool may_begin_request(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

// Several Cookie fields become the first one (RFC 9113 section 8.2.3: proxies from HTTP/2 may leave them apart).
void join_cookies(std::vector<header_field>& fields, std::string& joined) {
    header_field* first = nullptr;
    bool several = false;
    for (auto& field : fields) {
        if (!equal_ignoring_case(field.name, "Cookie")) continue;
        if (first == nullptr) {
            first = &field;
            continue;
        }
        if (!several) joined.assign(first->value);
        several = true;
        joined.append("; ").append(field.value);
    }
    if (several) first->value = joined;
}

}  // namespace

request_reader::request_reader(const bounds& limits) : bounds_{limits}, buffer_(usual_buffer) {}

request_reader::state request_reader::refuse(errc error) noexcept {
    refusal_ = error;
    return state::refused;
}

request_reader::state request_reader::next() {
    if (head_end_ != 0) return take_body();
    skip_empty_line();
    const bool whole = find_head_end();
    const std::string_view head{buffer_.data() + begin_, (whole ? head_end_ : end_) - begin_};
    if (const auto error = complaint(head)) return refuse(*error);
    return whole ? begin_body() : state::need_more;
}

// RFC 9112 section 2.2: one before a request is to be ignored.
void request_reader::skip_empty_line() noexcept {
    if (empty_line_skipped_ || !std::string_view{buffer_.data() + begin_, end_ - begin_}.starts_with("\r\n")) return;
    begin_ += 2;
    searched_ = begin_;
    empty_line_skipped_ = true;
}

bool request_reader::find_head_end() noexcept {
    const std::string_view sent{buffer_.data(), end_};
    const auto at = sent.find("\r\n\r\n", searched_);
    if (at != std::string_view::npos) {
        head_end_ = at + 4;
        return true;
    }
    searched_ = std::max(begin_, end_ - std::min<std::size_t>(end_, 3));
    return false;
}

// What can be said of a head before it is whole.
std::optional<errc> request_reader::complaint(std::string_view head) const noexcept {
    const bool half_empty_line = !empty_line_skipped_ && head == "\r";
    if (!head.empty() && !half_empty_line && !may_begin_request(head.front())) return errc::bad_request;
    const auto line = head.substr(0, head.find('\r'));
    if (line.size() > bounds_.target_bytes + request_line_rest) return errc::uri_too_long;
    if (head.size() > bounds_.header_bytes) return errc::headers_too_large;
    return std::nullopt;
}

request_reader::state request_reader::begin_body() {
    // The views that follow point into the buffer: from here on the head stays where it is.
    if (buffer_.size() - head_end_ < body_room) buffer_.resize(head_end_ + body_room);
    const auto framing = read_head({buffer_.data() + begin_, head_end_ - begin_}, bounds_.target_bytes, parts_);
    if (!framing) return refuse(to_errc(framing.error()));
    if (framing->length > std::max(bounds_.body_bytes, bounds_.large_body_bytes)) return refuse(errc::payload_too_large);
    admission_wanted_ = framing->length > bounds_.body_bytes;
    join_cookies(parts_.fields, cookies_);
    framing_ = *framing;
    taken_ = head_end_;
    if (framing_.chunked) chunks_.emplace(bounds_.body_bytes);
    const bool body_begun = end_ > head_end_;
    const auto reached = take_body();
    continue_wanted_ = reached == state::need_more && framing_.expects_continue && !body_begun;
    return reached;
}

request_reader::state request_reader::take_body() {
    if (framing_.chunked) return take_chunks();
    const auto part = std::min<std::size_t>(end_ - taken_, framing_.length - body_.size());
    body_.append(buffer_.data() + taken_, part);
    taken_ += part;
    return body_.size() == framing_.length ? complete() : state::need_more;
}

request_reader::state request_reader::take_chunks() {
    std::string_view rest{buffer_.data() + taken_, end_ - taken_};
    const auto reached = chunks_->feed(rest, body_);
    taken_ = end_ - rest.size();
    switch (reached) {
        case chunk_decoder::progress::need_more: return state::need_more;
        case chunk_decoder::progress::done: return complete();
        case chunk_decoder::progress::malformed: return refuse(errc::bad_request);
        case chunk_decoder::progress::too_large: return refuse(errc::payload_too_large);
    }
    return refuse(errc::internal_error);
}

request_reader::state request_reader::complete() noexcept {
    parts_.body = body_;
    return state::complete;
}

std::span<char> request_reader::prepare() {
    if (head_end_ != 0) {
        // Bytes of the body are copied out as they come.
        taken_ = head_end_;
        end_ = head_end_;
    } else if (end_ == buffer_.size() && begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        searched_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
    } else if (end_ == buffer_.size()) {
        buffer_.resize(buffer_.size() * 2);
    }
    return {buffer_.data() + end_, buffer_.size() - end_};
}

void request_reader::commit(std::size_t bytes) noexcept { end_ += bytes; }

bool request_reader::wants_admission() noexcept { return std::exchange(admission_wanted_, false); }

bool request_reader::wants_continue() noexcept { return std::exchange(continue_wanted_, false); }

void request_reader::release() {
    const bool rest = taken_ < end_;
    begin_ = rest ? taken_ : 0;
    end_ = rest ? end_ : 0;
    searched_ = begin_;
    head_end_ = 0;
    empty_line_skipped_ = false;
    chunks_.reset();
    parts_.body = {};
    body_.clear();
    if (!rest && buffer_.size() > kept_buffer) buffer_ = std::vector<char>(usual_buffer);
    if (body_.capacity() > kept_buffer) body_ = {};
}

std::string request_reader::take_unread() { return {buffer_.data() + taken_, end_ - taken_}; }

}  // namespace stagedoor::http
