#include "common/http/request_reader.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "common/http/field.hpp"
#include "common/http/request_parser.hpp"

namespace stagedoor::http {
namespace {

// Most heads fit, with room behind them.
constexpr std::size_t usual_buffer = 4 * 1024;
// What grew beyond this is given back after its request.
constexpr std::size_t kept_buffer = 8 * 1024;
// Room for bytes of a body behind a head; the longest chunk line or trailer section that is taken.
constexpr std::size_t body_room = 1024;
// What chunks may cost on the wire, as a multiple of the largest body: chunks of one byte are no way to send it.
constexpr std::size_t chunk_overhead = 4;
// Method, spaces and version beside the target.
constexpr std::size_t request_line_rest = 32;

// A line that goes on in the next (RFC 9112 section 5.2): readers differ on what it means.
bool has_folded_line(std::string_view head) noexcept {
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) return true;
    }
    return false;
}

// So that a peer which speaks TLS, say, hears of it at once. Every method in use begins with a letter.
bool may_begin_request(char c) noexcept { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '\r'; }

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

request_reader::~request_reader() = default;

request_reader::state request_reader::refuse(errc error) noexcept {
    refusal_ = error;
    return state::refused;
}

request_reader::state request_reader::next() {
    if (head_end_ != 0) return feed_parser();
    // An empty line before a request is to be ignored (RFC 9112 section 2.2).
    if (searched_ == begin_ && end_ - begin_ >= 2 && buffer_[begin_] == '\r' && buffer_[begin_ + 1] == '\n') {
        begin_ += 2;
        searched_ = begin_;
    }
    const bool whole = find_head_end();
    const std::string_view head{buffer_.data() + begin_, (whole ? head_end_ : end_) - begin_};
    if (!head.empty() && !may_begin_request(head.front())) return refuse(errc::bad_request);
    if (head.substr(0, head.find("\r\n")).size() > bounds_.target_bytes + request_line_rest) return refuse(errc::uri_too_long);
    if (head.size() > bounds_.header_bytes) return refuse(errc::headers_too_large);
    return whole ? start_parser() : state::need_more;
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

request_reader::state request_reader::start_parser() {
    // The parser's views point into the buffer: from here on the head stays where it is.
    if (buffer_.size() - head_end_ < body_room) buffer_.resize(head_end_ + body_room);
    if (has_folded_line({buffer_.data() + begin_, head_end_ - begin_})) return refuse(errc::bad_request);
    parser_ = std::make_unique<parser>(bounds_, parts_, body_);
    parts_.fields.clear();
    parsed_ = begin_;
    const auto reached = feed_parser();
    continue_wanted_ = reached == state::need_more && parser_->expects_continue() && body_.empty();
    return reached;
}

request_reader::state request_reader::feed_parser() {
    parser::error_code ec;
    while (parsed_ < end_ && !parser_->is_done()) {
        const auto taken = parser_->put({buffer_.data() + parsed_, end_ - parsed_}, ec);
        parsed_ += taken;
        framing_ += taken;
        if (ec == boost::beast::http::error::need_more) break;
        if (ec) return refuse(parser::reason_of(ec));
        if (taken == 0) break;
    }
    if (!parser_->is_done()) {
        if (framing_ > bounds_.header_bytes + chunk_overhead * bounds_.body_bytes) return refuse(errc::payload_too_large);
        return end_ - parsed_ < body_room ? state::need_more : refuse(errc::bad_request);
    }
    join_cookies(parts_.fields, cookies_);
    parts_.body = body_;
    return state::complete;
}

std::span<char> request_reader::prepare() {
    if (end_ == buffer_.size()) make_room();
    return {buffer_.data() + end_, buffer_.size() - end_};
}

void request_reader::make_room() {
    if (head_end_ != 0) {
        // The body's bytes were copied by the parser.
        std::memmove(buffer_.data() + head_end_, buffer_.data() + parsed_, end_ - parsed_);
        end_ -= parsed_ - head_end_;
        parsed_ = head_end_;
    } else if (begin_ > 0) {
        std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
        searched_ -= begin_;
        end_ -= begin_;
        begin_ = 0;
    } else {
        buffer_.resize(buffer_.size() * 2);
    }
}

void request_reader::commit(std::size_t bytes) noexcept { end_ += bytes; }

bool request_reader::wants_continue() noexcept { return std::exchange(continue_wanted_, false); }

void request_reader::release() {
    begin_ = parsed_ == end_ ? 0 : parsed_;
    end_ = parsed_ == end_ ? 0 : end_;
    searched_ = begin_;
    head_end_ = 0;
    framing_ = 0;
    parts_.body = {};
    body_.clear();
    if (end_ == 0 && buffer_.size() > kept_buffer) buffer_ = std::vector<char>(usual_buffer);
    if (body_.capacity() > kept_buffer) body_ = {};
}

std::string request_reader::take_unread() { return {buffer_.data() + parsed_, end_ - parsed_}; }

}  // namespace stagedoor::http
