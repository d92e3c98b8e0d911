// The head of a request: request line and fields. Pure, and checked against Beast's parser by a test: whatever is taken
// here is read by both in the same way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "common/core/errc.hpp"
#include "common/http/request.hpp"

namespace stagedoor::http {

// Browsers send about 20 fields, proxies add ten.
inline constexpr std::size_t header_fields = 100;

// What follows a head.
struct body_framing {
    std::uint64_t length = 0;  // in bytes, unless chunked
    bool chunked = false;
    bool expects_continue = false;
};

// Fills `parts`, all but the body, with views into `head`, which ends with its empty line. Errors: uri_too_long,
// headers_too_large (too many fields), not_implemented (an unknown transfer coding), bad_request for whatever two
// parsers could read in two ways (RFC 9112 sections 2.2, 3.2, 5.1, 5.2, 6.1 and 6.3).
result<body_framing> read_head(std::string_view head, std::size_t target_bytes, request_parts& parts);

}  // namespace stagedoor::http
