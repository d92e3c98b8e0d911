#include "common/http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "common/http/field.hpp"

namespace stagedoor::http {
namespace {

// What a character may be part of: a token (RFC 9110 section 5.6.2), a target (which parse_target judges further).
enum : std::uint8_t { in_token = 1, in_target = 2 };

constexpr auto kinds = [] {
    std::array<std::uint8_t, 256> table{};
    for (unsigned c = 0x21; c < table.size(); ++c) {
        const bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        const bool digit = c >= '0' && c <= '9';
        constexpr std::string_view marks{"!#$%&'*+-.^_`|~"};
        const bool mark = c < 0x80 && marks.find(static_cast<char>(c)) != std::string_view::npos;
        if (letter || digit || mark) table[c] = in_token;
        if (c != 0x7f) table[c] = static_cast<std::uint8_t>(table[c] | in_target);
    }
    return table;
}();

std::string_view take(std::string_view& text, std::uint8_t kind) noexcept {
    std::size_t size = 0;
    while (size < text.size() && (kinds[static_cast<unsigned char>(text[size])] & kind) != 0) ++size;
    const auto taken = text.substr(0, size);
    text.remove_prefix(size);
    return taken;
}

// With a literal, whose size the compiler knows, this is a comparison of one word and no call.
template <std::size_t N>
bool skip(std::string_view& text, const char (&literal)[N]) noexcept {
    constexpr auto size = N - 1;
    if (text.size() < size || std::memcmp(text.data(), literal, size) != 0) return false;
    text.remove_prefix(size);
    return true;
}

bool is_control(char c) noexcept { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// Eight characters at a time, for values are most of a head. The two sums have a byte's high bit set where it is below
// 0x20, or 0x7f, and sometimes where a neighbour is: what is suspicious, tabs too, is looked at again.
bool has_control(std::string_view value) noexcept {
    constexpr std::uint64_t ones = 0x0101010101010101;
    while (value.size() >= sizeof(std::uint64_t)) {
        std::uint64_t eight;
        std::memcpy(&eight, value.data(), sizeof eight);
        const auto del = eight ^ (ones * 0x7f);
        const auto suspicious = ((eight - ones * 0x20) & ~eight) | ((del - ones) & ~del);
        const auto part = value.substr(0, sizeof eight);
        if ((suspicious & (ones * 0x80)) != 0 && std::ranges::any_of(part, is_control)) return true;
        value.remove_prefix(sizeof eight);
    }
    return std::ranges::any_of(value, is_control);
}

std::string_view without_blanks(std::string_view value) noexcept {
    const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!value.empty() && is_blank(value.front())) value.remove_prefix(1);
    while (!value.empty() && is_blank(value.back())) value.remove_suffix(1);
    return value;
}

// Reads a head from its front. What a field says of the body and of the connection is judged here, and nowhere else.
class head_reader {
public:
    head_reader(std::string_view head, request_parts& parts) : rest_{head}, parts_{parts} {}

    result<void> read_request_line(std::size_t target_bytes) {
        const auto verb = take(rest_, in_token);
        if (verb.empty() || !skip(rest_, " ")) return errc::bad_request;
        const auto target = take(rest_, in_target);
        if (target.empty() || !skip(rest_, " HTTP/1.")) return errc::bad_request;
        const bool known = rest_.starts_with('0') || rest_.starts_with('1');
        if (!known) return errc::bad_request;
        parts_.minor_version = rest_.front() == '1' ? 1 : 0;
        rest_.remove_prefix(1);
        if (!skip(rest_, "\r\n")) return errc::bad_request;
        parts_.verb = find_method(verb);
        if (target.size() > target_bytes) return errc::uri_too_long;
        if (!http::parse_target(target, parts_.target)) return errc::bad_request;
        return {};
    }

    // A line that begins with a blank, once the continuation of the one before it, has no name.
    result<void> read_fields() {
        while (!skip(rest_, "\r\n")) {
            const auto name = take(rest_, in_token);
            if (name.empty() || !skip(rest_, ":")) return errc::bad_request;
            const auto end = rest_.find('\r');
            if (end == std::string_view::npos) return errc::bad_request;
            const auto value = without_blanks(rest_.substr(0, end));
            rest_.remove_prefix(end);
            if (!skip(rest_, "\r\n") || has_control(value)) return errc::bad_request;
            if (parts_.fields.size() == header_fields) return errc::headers_too_large;
            parts_.fields.push_back({name, value});
            if (!note(name, value)) return errc::bad_request;
        }
        return rest_.empty() ? result<void>{} : errc::bad_request;
    }

    bool keep_alive() const noexcept { return parts_.minor_version == 0 ? asks_to_stay_ : !asks_to_close_; }

    result<body_framing> framing() const {
        const bool old = parts_.minor_version == 0;
        const bool host = hosts_ == 0 ? old : hosts_ == 1 && good_host_;
        const bool length = lengths_ == 0 || (lengths_ == 1 && length_ && codings_ == 0);
        const bool coding = codings_ == 0 || (codings_ == 1 && !old);
        // One that is allowed may not hide another (RFC 6454 section 7.3).
        const bool origin = origins_ <= 1 && sites_ <= 1;
        if (!host || !length || !coding || !origin) return errc::bad_request;
        if (codings_ == 1 && !chunked_) return errc::not_implemented;
        return body_framing{length_.value_or(0), chunked_, expects_continue_ && !old};
    }

private:
    // False when the value is none that the field may have.
    bool note(std::string_view name, std::string_view value) {
        if (equal_ignoring_case(name, "Host")) {
            ++hosts_;
            good_host_ = is_host_and_port(value);
        } else if (equal_ignoring_case(name, "Content-Length")) {
            ++lengths_;
            length_ = parse_length(value);
        } else if (equal_ignoring_case(name, "Transfer-Encoding")) {
            ++codings_;
            chunked_ = equal_ignoring_case(value, "chunked");
        } else if (equal_ignoring_case(name, "Origin")) {
            ++origins_;
        } else if (equal_ignoring_case(name, "Sec-Fetch-Site")) {
            ++sites_;
        } else if (equal_ignoring_case(name, "Expect")) {
            expects_continue_ = equal_ignoring_case(value, "100-continue");
        } else if (equal_ignoring_case(name, "Connection") || equal_ignoring_case(name, "Proxy-Connection")) {
            return note_connection(value);
        }
        return true;
    }

    bool note_connection(std::string_view value) {
        for (bool more = true; more;) {
            const auto comma = value.find(',');
            const auto option = without_blanks(value.substr(0, comma));
            auto rest = option;
            take(rest, in_token);
            if (!rest.empty()) return false;
            asks_to_close_ = asks_to_close_ || equal_ignoring_case(option, "close");
            asks_to_stay_ = asks_to_stay_ || equal_ignoring_case(option, "keep-alive");
            more = comma != std::string_view::npos;
            if (more) value.remove_prefix(comma + 1);
        }
        return true;
    }

    static std::optional<std::uint64_t> parse_length(std::string_view value) noexcept {
        std::uint64_t length = 0;
        const auto* const end = value.data() + value.size();
        const auto [stop, ec] = std::from_chars(value.data(), end, length);
        if (ec != std::errc{} || stop != end) return std::nullopt;
        return length;
    }

    std::string_view rest_;
    request_parts& parts_;
    unsigned hosts_ = 0, lengths_ = 0, codings_ = 0, origins_ = 0, sites_ = 0;
    std::optional<std::uint64_t> length_;
    bool good_host_ = false, chunked_ = false, expects_continue_ = false;
    bool asks_to_close_ = false, asks_to_stay_ = false;
};

}  // namespace

result<body_framing> read_head(std::string_view head, std::size_t target_bytes, request_parts& parts) {
    parts.fields.clear();
    head_reader reader{head, parts};
    if (const auto read = reader.read_request_line(target_bytes); !read) return read.error();
    if (const auto read = reader.read_fields(); !read) return read.error();
    parts.keep_alive = reader.keep_alive();
    return reader.framing();
}

}  // namespace stagedoor::http
