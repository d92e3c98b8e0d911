#include "common/http/request_parser.hpp"

#include <algorithm>

#include "common/http/field.hpp"

namespace stagedoor::http {
namespace {

namespace beast_http = boost::beast::http;

std::string_view view(boost::beast::string_view text) noexcept { return {text.data(), text.size()}; }

// Names, IPv4, IPv6 in brackets, a port. RFC 3986 would let more through that no client of ours sends.
bool is_host(std::string_view value) noexcept {
    return !value.empty() && std::ranges::all_of(value, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view{".-_:[]"}.find(c) != std::string_view::npos;
    });
}

}  // namespace

request_reader::parser::parser(const bounds& limits, request_parts& parts, std::string& body)
    : bounds_{limits}, parts_{parts}, body_{body} {
    eager(true);
    header_limit(static_cast<std::uint32_t>(limits.header_bytes));
    body_limit(limits.body_bytes);
}

errc request_reader::parser::reason_of(const error_code& ec) noexcept {
    if (ec.category() == stagedoor_category()) return to_errc(ec);
    if (ec == beast_http::error::header_limit) return errc::headers_too_large;
    if (ec == beast_http::error::body_limit) return errc::payload_too_large;
    return errc::bad_request;
}

void request_reader::parser::on_request_impl(beast_http::verb, text verb, text target, int version, error_code& ec) {
    parts_.verb = find_method(view(verb));
    parts_.minor_version = static_cast<unsigned>(version - 10);
    if (target.size() > bounds_.target_bytes) {
        ec = errc::uri_too_long;
    } else if (!http::parse_target(view(target), parts_.target)) {
        ec = errc::bad_request;
    }
}

void request_reader::parser::on_field_impl(beast_http::field known, text name, text value, error_code& ec) {
    if (head_done_) return;  // trailers say nothing that we would listen to
    if (parts_.fields.size() == header_fields) {
        ec = errc::headers_too_large;
        return;
    }
    parts_.fields.push_back({view(name), view(value)});
    if (known == beast_http::field::host) {
        ++hosts_;
        good_host_ = is_host(view(value));
    } else if (known == beast_http::field::content_length) {
        ++lengths_;
        good_length_ = value.find(',') == text::npos;
    } else if (known == beast_http::field::transfer_encoding) {
        ++codings_;
        chunked_ = equal_ignoring_case(view(value), "chunked");
    } else if (known == beast_http::field::expect) {
        expects_continue_ = equal_ignoring_case(view(value), "100-continue");
    }
}

// What RFC 9112 (sections 3.2, 6.1, 6.3) calls an error and Beast would let pass: it takes a length told twice, a list
// of lengths, and a body in an unknown coding for no body at all.
void request_reader::parser::on_header_impl(error_code& ec) {
    head_done_ = true;
    const bool old = parts_.minor_version == 0;
    const bool host = hosts_ == 0 ? old : hosts_ == 1 && good_host_;
    const bool length = lengths_ == 0 || (lengths_ == 1 && good_length_ && codings_ == 0);
    const bool coding = codings_ == 0 || (codings_ == 1 && !old);
    if (!host || !length || !coding) {
        ec = errc::bad_request;
    } else if (codings_ == 1 && !chunked_) {
        ec = errc::not_implemented;
    }
    parts_.keep_alive = keep_alive();
    expects_continue_ = expects_continue_ && !old;
}

std::size_t request_reader::parser::on_body_impl(text bytes, error_code&) {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
}

std::size_t request_reader::parser::on_chunk_body_impl(std::uint64_t, text bytes, error_code&) {
    body_.append(bytes.data(), bytes.size());
    return bytes.size();
}

}  // namespace stagedoor::http
