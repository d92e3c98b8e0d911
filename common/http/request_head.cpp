#include "common/http/request_head.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

#include "common/http/field.hpp"

namespace stagedoor::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using beast_text = boost::beast::string_view;

std::string_view view(beast_text text) noexcept { return {text.data(), text.size()}; }

// A line that goes on in the next: readers differ on what it means.
bool has_folded_line(std::string_view head) noexcept {
    for (auto at = head.find('\n'); at != std::string_view::npos; at = head.find('\n', at + 1)) {
        if (at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t')) return true;
    }
    return false;
}

// Beast's parser with a sink that keeps views instead of copies. Bodies are not its business: how long they are is
// judged here, since Beast takes a length told twice, a list of lengths, and an unknown coding for no body at all.
class head_parser final : public beast_http::basic_parser<true> {
public:
    head_parser(std::size_t target_bytes, request_parts& parts) : target_bytes_{target_bytes}, parts_{parts} {
        skip(true);
        header_limit(std::numeric_limits<std::uint32_t>::max());  // the caller has bounded it
    }

    result<body_framing> framing() const {
        const bool old = parts_.minor_version == 0;
        const bool host = hosts_ == 0 ? old : hosts_ == 1 && good_host_;
        const bool length = lengths_ == 0 || (lengths_ == 1 && good_length_ && codings_ == 0);
        const bool coding = codings_ == 0 || (codings_ == 1 && !old);
        if (!host || !length || !coding) return errc::bad_request;
        if (codings_ == 1 && !chunked_) return errc::not_implemented;
        return body_framing{content_length().value_or(0), chunked_, expects_continue_ && !old};
    }

private:
    void on_request_impl(beast_http::verb, beast_text verb, beast_text target, int version, error_code& ec) override {
        parts_.verb = find_method(view(verb));
        parts_.minor_version = static_cast<unsigned>(version - 10);
        if (target.size() > target_bytes_) {
            ec = errc::uri_too_long;
        } else if (!http::parse_target(view(target), parts_.target)) {
            ec = errc::bad_request;
        }
    }

    void on_field_impl(beast_http::field known, beast_text name, beast_text value, error_code& ec) override {
        if (parts_.fields.size() == header_fields) {
            ec = errc::headers_too_large;
            return;
        }
        parts_.fields.push_back({view(name), view(value)});
        if (known == beast_http::field::host) {
            ++hosts_;
            good_host_ = is_host_and_port(view(value));
        } else if (known == beast_http::field::content_length) {
            ++lengths_;
            good_length_ = value.find(',') == beast_text::npos;
        } else if (known == beast_http::field::transfer_encoding) {
            ++codings_;
            chunked_ = equal_ignoring_case(view(value), "chunked");
        } else if (known == beast_http::field::expect) {
            expects_continue_ = equal_ignoring_case(view(value), "100-continue");
        }
    }

    void on_header_impl(error_code&) override {}
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(beast_text, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, beast_text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, beast_text, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, beast_text, int, error_code&) override {}

    const std::size_t target_bytes_;
    request_parts& parts_;
    unsigned hosts_ = 0, lengths_ = 0, codings_ = 0;
    bool good_host_ = false, good_length_ = false, chunked_ = false, expects_continue_ = false;
};

}  // namespace

result<body_framing> read_head(std::string_view head, std::size_t target_bytes, request_parts& parts) {
    if (has_folded_line(head)) return errc::bad_request;
    parts.fields.clear();
    head_parser parser{target_bytes, parts};
    error_code ec;
    const auto taken = parser.put({head.data(), head.size()}, ec);
    if (ec) return ec.category() == stagedoor_category() ? to_errc(ec) : errc::bad_request;
    if (!parser.is_done() || taken != head.size()) return errc::bad_request;
    parts.keep_alive = parser.keep_alive();
    return parser.framing();
}

}  // namespace stagedoor::http
