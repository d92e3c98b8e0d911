// The methods of HTTP that Stagedoor speaks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace stagedoor::http {

enum class method : std::uint8_t {
    get,
    head,
    post,
    put,
    patch,
    del,
    options,
    other,  // TRACE, CONNECT and whatever else a peer makes up: never served
};

inline constexpr std::size_t method_count = 8;

// As in the request line; "OTHER" for method::other.
std::string_view to_string(method verb) noexcept;

// Methods are case-sensitive (RFC 9110 section 9.1).
method find_method(std::string_view text) noexcept;

}  // namespace stagedoor::http
