// Cookies (RFC 6265bis): reading the Cookie field without allocating, writing Set-Cookie for our session.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "common/core/limits.hpp"

namespace stagedoor {

// The values of up to limits::session_cookies_tried cookies called `name`, in the order of the field: a parent
// domain can toss a cookie of our name, and a dead one must not hide a live one (K11). Views into `header`.
struct cookie_values {
    std::array<std::string_view, limits::session_cookies_tried> values{};
    std::size_t count = 0;

    const std::string_view* begin() const noexcept { return values.data(); }
    const std::string_view* end() const noexcept { return values.data() + count; }
    bool empty() const noexcept { return count == 0; }
};
cookie_values find_cookies(std::string_view header, std::string_view name) noexcept;

// How the session cookie of one deployment is called and marked. Made from the first allowed origin:
// on https `__Host-stagedoor` and Secure, on http `stagedoor-<port>`, since ports share cookies (K11).
// With a domain, which needs https, it is `__Secure-stagedoor` and goes to every host of that domain.
class session_cookie {
public:
    session_cookie(bool secure, unsigned port, std::string_view domain = {});

    std::string_view name() const noexcept { return name_; }

    // A Set-Cookie value; `max_age` is what remains of the session's absolute time (K4).
    std::string set(std::string_view token, std::chrono::seconds max_age) const;
    std::string clear() const;

private:
    std::string name_;
    std::string attributes_;
};

// What is wrong with a cookie for all hosts of `domain`, as a sentence; "" when nothing is: it has to be a lower-case name
// of two labels or more, and every origin https and a host of it. (Whether it is a public suffix, browsers know.)
std::string complaint_about_cookie_domain(std::string_view domain, std::span<const std::string> origins);

}  // namespace stagedoor
