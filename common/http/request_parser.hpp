// Beast's parser with a sink of our own: fields as views, no allocation per field. Included by request_reader alone.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/http/request_reader.hpp"

namespace stagedoor::http {

// Takes one request whose head lies in memory that stays where it is. Sets errors of our category, or Beast's.
class request_reader::parser final : public boost::beast::http::basic_parser<true> {
public:
    using error_code = boost::beast::error_code;

    parser(const bounds& limits, request_parts& parts, std::string& body);

    bool expects_continue() const noexcept { return expects_continue_; }

    static errc reason_of(const error_code& ec) noexcept;

private:
    using text = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb, text verb, text target, int version, error_code& ec) override;
    void on_field_impl(boost::beast::http::field known, text name, text value, error_code& ec) override;
    void on_header_impl(error_code& ec) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
    std::size_t on_body_impl(text bytes, error_code&) override;
    void on_chunk_header_impl(std::uint64_t, text, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, text bytes, error_code&) override;
    void on_finish_impl(error_code&) override {}
    void on_response_impl(int, text, int, error_code&) override {}

    const bounds& bounds_;
    request_parts& parts_;
    std::string& body_;
    unsigned hosts_ = 0, lengths_ = 0, codings_ = 0;
    bool good_host_ = false, good_length_ = false, chunked_ = false;
    bool expects_continue_ = false, head_done_ = false;
};

}  // namespace stagedoor::http
